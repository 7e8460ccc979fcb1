# Builds the binary in one stage and ships it alone in another.
FROM rust:1.95-bookworm AS builder
WORKDIR /build
# aws-lc's C code needs cmake and a C compiler; the compiler is in the image.
RUN apt-get update && apt-get install --yes --no-install-recommends cmake && rm -rf /var/lib/apt/lists/*
COPY Cargo.toml Cargo.lock README.md build.rs ./
COPY src ./src
# Named in Cargo.toml, so they must be there; they are not built.
COPY benches ./benches
# `--build-arg JIRASYNCD_COMMIT=$(git rev-parse HEAD)`: what `jirasyncd --version` says of it. The sources here know no commit.
ARG JIRASYNCD_COMMIT=
RUN cargo build --profile dist --locked --bin jirasyncd

FROM debian:12-slim
RUN apt-get update && apt-get install --yes --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin jirasyncd \
 && install --directory --owner=jirasyncd --mode=0700 /var/lib/jirasyncd \
 && install --directory --owner=jirasyncd --mode=0750 /run/jirasyncd \
 && install --directory --mode=0755 /etc/jirasyncd
COPY --from=builder /build/target/dist/jirasyncd /usr/local/bin/jirasyncd
# By number, so that Kubernetes' runAsNonRoot can see that it is not root.
USER 10001
VOLUME /var/lib/jirasyncd
# Inside a container the loopback is the container's own; which addresses of the host see the port is for `ports` to say.
ENV JIRASYNCD_CONFIG=/etc/jirasyncd/jirasyncd.toml \
    JIRASYNCD_LISTEN=0.0.0.0:8470
EXPOSE 8470
# The daemon drains on SIGTERM for at most ten seconds.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s CMD ["/usr/local/bin/jirasyncd", "health"]
ENTRYPOINT ["/usr/local/bin/jirasyncd"]
CMD ["run"]
