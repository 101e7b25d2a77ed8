# A worker in a container; docs/how-to/container.md has the API too:
#   docker build -t ade .
#   docker run -d --name ade-worker --stop-timeout 90 -v ade-data:/data -v ade-cache:/cache ade
#   docker exec ade-worker ade runs ls
# After an upgrade, before the new worker starts:
#   docker run --rm -v ade-data:/data ade migrate
# Nobody has built this image in CI yet: .ci/integrations lints it, and the tests run its command with its variables.
FROM rust:1.89-slim-bookworm AS build
WORKDIR /src
COPY . .
# What was downloaded and compiled is kept between builds, so that a change compiles only what it changes.
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/src/target \
    cargo install --locked --path . --root /opt/ade

FROM python:3.12-slim-bookworm
RUN pip install --no-cache-dir 'uv>=0.8,<1'
COPY --from=build /opt/ade/bin/ade /usr/local/bin/ade
COPY LICENSE-MIT LICENSE-APACHE /usr/share/doc/ade/
RUN useradd --uid 10001 --create-home ade && mkdir /data /cache && chown ade:ade /data /cache
USER 10001
WORKDIR /home/ade
# The worker creates the database of a new data directory itself.
ENV ADE_DATA_DIR=/data ADE_CACHE_DIR=/cache ADE_LOG_FORMAT=json ADE_WORKER_AUTO_CREATE_SCHEMA=1
VOLUME ["/data", "/cache"]
# A worker that dies ends its container. What this asks is whether what it works with, data directory and database, can be used.
HEALTHCHECK --interval=30s --timeout=10s --start-period=15s CMD ["sh", "-c", "ade top --once --quiet || exit 1"]
# The worker is process 1, gets the TERM itself, and reaps what its runs leave behind.
STOPSIGNAL SIGTERM
ENTRYPOINT ["ade"]
CMD ["worker", "--grace", "60"]
