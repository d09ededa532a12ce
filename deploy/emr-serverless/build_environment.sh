#!/usr/bin/env bash
# Packs stj-audit with all it needs into environment.tar.gz, which Spark unpacks beside each driver and executor.
#
#     build_environment.sh WHEEL [FOLDER]
#
# Run it on the system and with the Python that the executors have. EMR 7 has Python 3.11 on Amazon Linux 2023; from the project's folder:
#
#     docker run --rm --platform linux/amd64 -v "$PWD:/project" -w /project public.ecr.aws/amazonlinux/amazonlinux:2023 \
#       bash -c "dnf install -y -q python3.11 python3.11-pip tar gzip && deploy/emr-serverless/build_environment.sh dist/*.whl dist"
set -euo pipefail
wheel=$1
folder=${2:-.}
python=${PYTHON:-python3.11}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$python" -m venv "$work/environment"
"$work/environment/bin/python" -m pip install --quiet "$wheel" "venv-pack==0.2.0" "setuptools<81" # venv-pack imports pkg_resources
"$work/environment/bin/venv-pack" --quiet --force --prefix "$work/environment" --output "$folder/environment.tar.gz"
echo "$folder/environment.tar.gz"
