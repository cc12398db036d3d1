# Each task's log group is in modules/task. RDS would make its own, and keep them for ever.

resource "aws_cloudwatch_log_group" "database" {
  #checkov:skip=CKV_AWS_158:CloudWatch encrypts logs with its own key.
  #checkov:skip=CKV_AWS_338:How long logs are kept is for you to say: log_retention_days.
  for_each          = toset(["postgresql", "upgrade"])
  name              = "/aws/rds/instance/${var.name}/${each.key}"
  retention_in_days = var.log_retention_days
}
