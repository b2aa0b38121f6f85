# One image for every service; the command says which: docs/install.md.
#   docker build -t farmbell .
#   docker run --env-file … farmbell dist/apps/rules/main.js

FROM node:24-alpine AS base
WORKDIR /app

# What is needed to run: without PostgreSQL's programs, which are for `npm start` alone, and without what is for compilers
# and debuggers.
FROM base AS dependencies
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-progress \
 && find node_modules -type f \( -name '*.ts' -o -name '*.mts' -o -name '*.cts' -o -name '*.map' \) -delete

# The compiler is an optional package, one for each platform.
FROM base AS build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --no-progress
COPY build.mjs tsconfig.json LICENSE ./
COPY apps apps
COPY libs libs
# Any user may read it, whatever the modes in the checkout are.
RUN npm run build && chmod -R a+rX package.json LICENSE dist libs/contracts

FROM base
ENV NODE_ENV=production FARMBELL_HOST=0.0.0.0
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/package.json /app/LICENSE ./
COPY --from=build /app/libs/contracts/farmbell.proto libs/contracts/
COPY --from=build /app/dist/apps dist/apps
COPY --from=build /app/dist/libs dist/libs
USER 10001:10001
EXPOSE 8080 50051 9464
# Alive, whichever service it is. Ready is another question: /readyz, which Compose and Kubernetes ask.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD \
  wget -q -O /dev/null "http://127.0.0.1:${FARMBELL_METRICS_PORT:-9464}/healthz" \
  || wget -q -O /dev/null "http://127.0.0.1:${FARMBELL_PORT:-8080}/healthz" \
  || wget -q -O /dev/null --no-check-certificate "https://127.0.0.1:${FARMBELL_PORT:-8080}/healthz"
ENTRYPOINT ["node", "--enable-source-maps"]
CMD ["dist/apps/gateway/main.js"]
