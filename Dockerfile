# docker build --build-arg VERSION=$(git describe --tags --always) -t partyline .
# docker run -p 4000:4000 -p 8080:8080 partyline

# The image that has Go: a mirror, or a newer Debian, without touching this file.
ARG GO_IMAGE=golang:1.26-bookworm

FROM ${GO_IMAGE} AS build
WORKDIR /src

# Modules first: this layer is built anew only when they change.
COPY go.mod go.sum ./
RUN go mod download

# .dockerignore lets in the code alone.
COPY . .

# Down here, because a new version spoils the cache of all that follows.
ARG VERSION=dev

# Without cgo the binary needs no libc, and so no base image.
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" \
    -o /partyline ./cmd/partyline

FROM scratch
COPY --from=build /partyline /partyline

# By number: there is no /etc/passwd here, and Kubernetes' runAsNonRoot can
# check a number only.
USER 65532:65532

# The program's defaults listen on loopback, which nobody outside the container
# could reach.
ENV PARTYLINE_TCP=:4000 PARTYLINE_HTTP=:8080
EXPOSE 4000 8080

# As a list, so that it is process 1 itself: the stop signal (SIGTERM) reaches
# it and everybody is told goodbye.
ENTRYPOINT ["/partyline"]
