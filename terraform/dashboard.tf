# rq-dashboard, for those in dashboard_cidrs, and behind its password.

module "dashboard" {
  source = "./modules/task"
  count  = local.dashboard ? 1 : 0

  prefix         = var.name
  name           = "dashboard"
  image          = local.image
  repository_arn = aws_ecr_repository.taskoverflow.arn
  command        = ["dashboard"]
  health_check   = ["CMD", "taskoverflow", "healthcheck", "dashboard"]
  cpu            = 256
  memory         = 512
  port           = local.dashboard_port

  secrets = {
    REDIS_URL                       = local.secret["redis-url"]
    TASKOVERFLOW_DASHBOARD_PASSWORD = local.secret["dashboard-password"]
  }

  log_retention_days = var.log_retention_days
  lab_role_arn       = local.lab_role_arn
}

check "dashboard_password" {
  assert {
    condition     = !local.dashboard || local.https
    error_message = "Without certificate_arn, the dashboard's password travels unencrypted."
  }
}
