# Two images of wayshub-provider, both for any user but root and a file system that is only read:
#
#   docker build --target service -t wayshub-provider .       without Traefik, to run `serve`
#   docker build --target edge -t wayshub-provider:edge .     with Traefik, to run `up`
#
# What changes is in /data. See docs/containers.md.

ARG PYTHON=3.13-slim-trixie

FROM python:${PYTHON} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /build
RUN ["python3", "-m", "venv", "tools"]
# Each file is checked against the hash in the lock, once. From here on nothing comes from elsewhere, and nothing is
# compiled.
COPY requirements.lock ./
RUN ["tools/bin/pip", "download", "--require-hashes", "--only-binary=:all:", "-r", "requirements.lock", "-d", "wheels"]
RUN ["tools/bin/pip", "install", "--no-index", "--find-links=wheels", "hatchling", "editables"]
COPY pyproject.toml README.md LICENSE ./
COPY traefik traefik
COPY migrations migrations
COPY provider provider
RUN ["tools/bin/hatchling", "build", "-t", "wheel", "-d", "wheels"]
RUN ["python3", "-m", "venv", "--without-pip", "/opt/wayshub-provider"]
RUN ["tools/bin/pip", "--python=/opt/wayshub-provider", "install", "--no-index", "--find-links=wheels", "wayshub-provider[postgresql]"]

FROM build AS build-edge
RUN ["tools/bin/pip", "--python=/opt/wayshub-provider", "install", "--no-index", "--find-links=wheels", "wayshub-provider[edge,postgresql]"]

FROM python:${PYTHON} AS base
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="wayshub-provider" \
      org.opencontainers.image.description="A control plane for a Traefik edge." \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
RUN ["groupadd", "--gid", "10001", "wayshub"]
RUN ["useradd", "--uid", "10001", "--gid", "10001", "--no-create-home", "--home-dir", "/data", "--shell", "/usr/sbin/nologin", "wayshub"]
RUN ["install", "--directory", "--owner=10001", "--group=10001", "--mode=0700", "/data", "/edge"]
ENV PATH=/opt/wayshub-provider/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PROVIDER_DATABASE_URL=sqlite:////data/provider.db \
    PROVIDER_HOST=0.0.0.0
WORKDIR /data
VOLUME ["/data"]
# A number, so that Kubernetes sees that it is not root.
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s CMD ["python3", "-m", "provider.health"]
ENTRYPOINT ["wayshub-provider"]

FROM base AS edge
COPY --from=build-edge /opt/wayshub-provider /opt/wayshub-provider
EXPOSE 8080 8443
CMD ["up", "--edge-host", "0.0.0.0"]

# The last one is what is built where no target is named.
FROM base AS service
COPY --from=build /opt/wayshub-provider /opt/wayshub-provider
CMD ["serve"]
