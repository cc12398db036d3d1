# The web server, behind the load balancer.

locals {
  lab_role_arn = one(data.aws_iam_role.lab[*].arn)

  anonymous  = length(nonsensitive(var.api_tokens)) == 0 # how many is no secret
  public_url = coalesce(var.public_url, "${local.https ? "https" : "http"}://${aws_lb.public.dns_name}")

  # What app and worker have to agree on.
  settings = merge(var.app_settings, {
    TASKOVERFLOW_QUEUE      = var.name
    TASKOVERFLOW_LOG_FORMAT = "json"
  })
}

module "app" {
  source = "./modules/task"

  prefix         = var.name
  name           = "app"
  image          = local.image
  repository_arn = aws_ecr_repository.taskoverflow.arn
  command        = ["serve"]
  health_check   = ["CMD", "taskoverflow", "healthcheck", "serve"]
  cpu            = var.app.cpu
  memory         = var.app.memory
  port           = local.app_port

  environment = merge(local.settings, {
    TASKOVERFLOW_THREADS       = tostring(var.app.threads)
    TASKOVERFLOW_QUEUE_METRICS = "30"
    TASKOVERFLOW_PUBLIC_URL    = local.public_url
    # The load balancer is in there, and nobody else is let in.
    TASKOVERFLOW_TRUSTED_PROXIES = local.vpc.cidr
  }, local.anonymous ? { TASKOVERFLOW_ALLOW_ANONYMOUS = "1" } : {})
  secrets = merge({
    DATABASE_URL = local.secret["database-url"]
    REDIS_URL    = local.secret["redis-url"]
  }, local.anonymous ? {} : { TASKOVERFLOW_API_TOKENS = local.secret["api-tokens"] })

  log_retention_days = var.log_retention_days
  lab_role_arn       = local.lab_role_arn
}
