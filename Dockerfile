# LookerVault in a container: docker build -t lookervault .
#
#   docker run --rm -v looker-vault:/vault -e LOOKERSDK_BASE_URL -e LOOKERSDK_CLIENT_ID -e LOOKERSDK_CLIENT_SECRET lookervault
#
# backs up into /vault/looker.db of the volume. The API key comes from the environment of
# whoever starts it; nothing secret is in the image.
#
# Tried: all of its steps by buildah, as Docker does them, and a run of the demo in the image
# by its user. The two base images were made by hand, of Debian bookworm and Go's own
# release. Not tried: a Docker daemon, the base images as they are published, a volume.
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
# With .git, from which the version and the commit come.
COPY . .
RUN RELEASE=$(git describe --tags --always --dirty) && \
    CGO_ENABLED=1 go build -trimpath -ldflags "-s -w -X main.release=$RELEASE" -o /out/lookervault ./cmd/lookervault && \
    mkdir /out/vault

# Slim: glibc and certificates. Nothing runs as root.
FROM debian:bookworm-slim
RUN apt-get update && \
    apt-get install -y --no-install-recommends ca-certificates tzdata && \
    rm -rf /var/lib/apt/lists/*
COPY --from=build /out/lookervault /usr/bin/lookervault
COPY --from=build /src/LICENSE /usr/share/doc/lookervault/LICENSE
COPY --from=build --chown=65532:65532 /out/vault /vault
USER 65532:65532
WORKDIR /vault
ENV HOME=/vault LOOKERVAULT_SINK__PATH=/vault/looker.db
VOLUME /vault
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/bin/lookervault"]
CMD ["run", "--progress", "plain"]
