# docker build -t partyline \
#     --build-arg VERSION=$(git describe --tags --always) --build-arg COMMIT=$(git rev-parse HEAD) .
# docker run -p 4000:4000 -p 8080:8080 partyline

# The image with Go. Override it to use a mirror or a newer Debian.
ARG GO_IMAGE=golang:1.26-bookworm

FROM ${GO_IMAGE} AS build
WORKDIR /src

# Download the modules first: this layer is rebuilt only if they change.
COPY go.mod go.sum ./
RUN go mod download

# .dockerignore excludes everything but the source.
COPY . .

# Set the version as late as possible: a new version invalidates all later layers.
ARG VERSION=dev
ARG COMMIT=
ARG BUILD=partyline/cmd/partyline/internal/build

# Without cgo the binary needs no libc, and therefore no base image. HTTP/2, which partyline does not use,
# would take half a megabyte, the screen of "partyline talk" one and a half, and "partyline bench" a third.
RUN CGO_ENABLED=0 go build -tags nethttpomithttp2,small -trimpath -ldflags "-s -w -X ${BUILD}.version=${VERSION} -X ${BUILD}.commit=${COMMIT}" \
    -o /partyline ./cmd/partyline

# Folders that the user below owns: a new volume gets the owner of its folder in the image.
RUN mkdir -p /folders/var/lib/partyline /folders/run/partyline

FROM scratch
COPY --from=build --chown=65532:65532 /folders /
COPY --from=build /partyline /partyline

# Use a number: there is no /etc/passwd in this image, and Kubernetes' runAsNonRoot can
# check only numbers.
USER 65532:65532

# By default the program listens on a loopback address, which can't be reached from
# outside the container.
ENV PARTYLINE_TCP=:4000 PARTYLINE_HTTP=:8080
EXPOSE 4000 8080

# It asks the listener of PARTYLINE_HTTP. The first seconds do not count.
HEALTHCHECK --interval=15s --timeout=5s --start-period=10s CMD ["/partyline", "health"]

# Use the list form, so that the program is process 1: it receives the stop signal
# (SIGTERM), and says goodbye to all clients.
ENTRYPOINT ["/partyline"]
