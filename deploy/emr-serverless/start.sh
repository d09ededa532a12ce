#!/usr/bin/env bash
# Starts a run, and prints its id:  start.sh STACK s3://BUCKET/EXPORT s3://BUCKET/ARTIFACTS [EXECUTORS]
set -euo pipefail
stack=$1
export=${2%/}
artifacts=${3%/}
executors=${4:-10} # of 4 vCPU each
region=${AWS_REGION:?set it to the region of the table and its export}

output() {
  aws cloudformation describe-stacks --region "$region" --stack-name "$stack" \
    --query "Stacks[0].Outputs[?OutputKey=='$1'].OutputValue" --output text
}

# Reading takes place in Python, beside Java's heap: hence the share of spark.executor.memoryOverhead. 4 vCPU take 8 GB at least.
submit="--conf spark.archives=$artifacts/environment.tar.gz#environment"
submit+=" --conf spark.emr-serverless.driverEnv.PYSPARK_DRIVER_PYTHON=./environment/bin/python"
submit+=" --conf spark.emr-serverless.driverEnv.PYSPARK_PYTHON=./environment/bin/python"
submit+=" --conf spark.executorEnv.PYSPARK_PYTHON=./environment/bin/python"
submit+=" --conf spark.driver.cores=4 --conf spark.driver.memory=6g --conf spark.driver.memoryOverhead=2g"
submit+=" --conf spark.executor.cores=4 --conf spark.executor.memory=2g --conf spark.executor.memoryOverhead=6g"
submit+=" --conf spark.dynamicAllocation.maxExecutors=$executors"

aws emr-serverless start-job-run --region "$region" \
  --application-id "$(output ApplicationId)" \
  --execution-role-arn "$(output RoleArn)" \
  --name stj-audit \
  --execution-timeout-minutes 240 \
  --query jobRunId --output text \
  --job-driver "{
    \"sparkSubmit\": {
      \"entryPoint\": \"$artifacts/spark_job.py\",
      \"entryPointArguments\": [
        \"--stj-audit\", \"items --from $export --region $region --engine spark -f json\",
        \"--report-to\", \"$artifacts/reports/items.json\"
      ],
      \"sparkSubmitParameters\": \"$submit\"
    }
  }"
