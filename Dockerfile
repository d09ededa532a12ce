# syntax=docker/dockerfile:1
# stj-audit in a container: docs/schedule.md says how it is run.

# With a compiler, for the scanner of items; none of this stage but the environment that it makes goes on
FROM python:3.13 AS build
WORKDIR /source
COPY pyproject.toml hatch_build.py README.md LICENSE ./
COPY reports/templates reports/templates
COPY stj_audit stj_audit
RUN python -m venv /opt/stj-audit
RUN /opt/stj-audit/bin/python -m pip install --no-cache-dir --disable-pip-version-check ".[email,fast]"

FROM python:3.13-slim
ENV PATH=/opt/stj-audit/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
RUN groupadd --gid 10001 stj-audit && useradd --uid 10001 --gid 10001 --create-home stj-audit && install --directory --owner 10001 --group 10001 /work
COPY --from=build /opt/stj-audit /opt/stj-audit
USER 10001:10001
WORKDIR /work
ENTRYPOINT ["stj-audit"]
CMD ["--help"]
