"""Lets vLLM's model runner V2, which needs Triton, run on a CPU: Triton's interpreter behind a pretended driver.

For tests only. On the path of processes that set V2SHIM=1; vLLM starts more processes, so it must be found by name.
"""

import os

if os.environ.get("V2SHIM") == "1":
    os.environ["TRITON_INTERPRET"] = "1"
    import triton.backends

    class CpuDriver:
        @staticmethod
        def is_active():
            return True

        def get_current_target(self):
            from triton.backends.compiler import GPUTarget

            return GPUTarget("cpu", "x86_64", 1)

        def get_current_device(self):
            return 0

        def get_active_torch_device(self):
            import torch

            return torch.device("cpu")

    nvidia = triton.backends.backends["nvidia"]
    triton.backends.backends["cpu"] = type(nvidia)(compiler=nvidia.compiler, driver=CpuDriver)
