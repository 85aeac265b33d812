#!/usr/bin/env bash
# The probe openings and the safety subspace of the bundled model: recipes/guards/build.sh
# Needed again whenever the model changes; both artefacts name it by digest. About a minute on one core.
set -euo pipefail
cd "$(dirname "$0")/../.."
guard=${GUARD:-.venv/bin/guard}
prompts=recipes/tiny_chat/eval/calibration_prompts.jsonl
export HF_HUB_OFFLINE=1 OMP_NUM_THREADS=1  # more threads only slow such a small model

"$guard" probes build --model bundled:tiny-chat --harmful "$prompts" --harmless "$prompts" \
  --out guard/assets/probes/tiny-chat.json
"$guard" steering fit --model bundled:tiny-chat --harmful "$prompts" --harmless "$prompts" \
  --rank 4 --target centroid --window 1 --scale 0.2 --out guard/assets/steering/tiny-chat.safetensors
# What known evasions do to the score, for docs/probe.md. Two more minutes; TEMPLATES adds a CSV of jailbreak templates.
"$guard" probes robustness --model bundled:tiny-chat --probes bundled:tiny-chat --rows recipes/guards/robustness.jsonl \
  ${TEMPLATES:+--templates "$TEMPLATES"} --out recipes/guards/robustness.md
