# Rowpost as an image: built once, run without a shell's help, as a user without rights, from a read-only root.
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY src src
RUN npm run build && npm prune --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:24-bookworm-slim
LABEL org.opencontainers.image.title="Rowpost" \
      org.opencontainers.image.description="One YAML file becomes a Hightouch embedded destination." \
      org.opencontainers.image.licenses="MIT"
# PID 1 that forwards signals and reaps what health checks and `exec` leave behind; Node does neither for processes not its own.
RUN apt-get update && apt-get install -y --no-install-recommends tini && rm -rf /var/lib/apt/lists/* /var/cache/apt/*
ENV NODE_ENV=production
WORKDIR /app
COPY package.json LICENSE ./
COPY bin bin
COPY schemas schemas
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY destinations destinations
# The base image's `node`, by number, so that runAsNonRoot can be checked.
USER 1000:1000
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["node", "bin/rowpost.js", "health"]
ENTRYPOINT ["tini", "--", "node", "bin/rowpost.js"]
CMD ["serve"]
