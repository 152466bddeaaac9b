# The image of a node: the binary, the certificates of public authorities, and
# time zones, on nothing. It runs as a user without rights and writes to /data
# alone, and only if the database is SQLite, so its root may be read-only.
#
# GO_DIGEST, sha256:…, names the one image of that tag that shall build it.
ARG GO_DIGEST=
FROM golang:1.26.8-bookworm${GO_DIGEST:+@${GO_DIGEST}} AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o /out/vezne ./cmd/vezne
RUN mkdir /out/data

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /usr/local/go/lib/time/zoneinfo.zip /usr/share/zoneinfo.zip
COPY --from=build --chown=65532:65532 /out/data /data
COPY --from=build /out/vezne /vezne
ENV ZONEINFO=/usr/share/zoneinfo.zip \
    VEZNE_LISTEN=:8080 \
    VEZNE_KEYSET=/run/secrets/keyset.json \
    VEZNE_LOG=json
WORKDIR /data
USER 65532:65532
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s CMD ["/vezne", "ready"]
ENTRYPOINT ["/vezne"]
CMD ["serve"]
