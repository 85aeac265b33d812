# syntax=docker/dockerfile:1
# The proxy. Hiding, and models behind HTTP, a shared store and tracing: no torch.
#   docker build --tag guardchain:0.1.0 .
# Models in process too (2 GB more; torch's CPU build):
#   docker build --tag guardchain:0.1.0-local --build-arg EXTRAS=local .

# A release names the digest: --build-arg PYTHON_IMAGE=python:3.11.16-slim-bookworm@sha256:...
ARG PYTHON_IMAGE=python:3.11.16-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
ARG EXTRAS=""
ARG TORCH_INDEX_URL="https://download.pytorch.org/whl/cpu"
RUN python -m venv /opt/guardchain
WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY guard guard
COPY sanitizers sanitizers
COPY detectors detectors
COPY steering steering
COPY proxy proxy
# Wheels alone: nothing is compiled, and no package runs code of its own at install.
RUN --mount=type=cache,target=/root/.cache/pip \
    pip install --constraint constraints.txt hatchling && python -m hatchling build -t wheel -d /dist \
    && /opt/guardchain/bin/pip install --only-binary :all: --constraint constraints.txt \
       ${EXTRAS:+--extra-index-url "${TORCH_INDEX_URL}"} "$(echo /dist/*.whl)[redis,otel${EXTRAS:+,${EXTRAS}}]" \
    && /opt/guardchain/bin/pip uninstall --yes pip

FROM ${PYTHON_IMAGE}
LABEL org.opencontainers.image.title="guardchain" \
      org.opencontainers.image.description="An OpenAI-compatible guard proxy" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN groupadd --gid 65532 guard && useradd --uid 65532 --gid 65532 --no-create-home --home-dir /tmp guard
COPY --from=build /opt/guardchain /opt/guardchain
ENV PATH="/opt/guardchain/bin:${PATH}" \
    HOME=/tmp \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1
USER 65532:65532
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8080/healthz', timeout=4)"]
ENTRYPOINT ["guard"]
CMD ["serve", "--config", "/etc/guardchain/guard.yaml", "--host", "0.0.0.0", "--port", "8080"]
