data "aws_caller_identity" "current" {}

locals {
  tags = {
    Project   = "TaskOverflow"
    System    = var.name
    ManagedBy = "Terraform"
  }

  elasticache = var.redis_mode == "elasticache"
  dashboard   = length(var.dashboard_cidrs) > 0
  https       = var.certificate_arn != null

  image     = "${aws_ecr_repository.taskoverflow.repository_url}:${var.image_tag}"
  namespace = "TaskOverflow" # of the metrics: taskoverflow.web.queue_metrics

  app_port       = 6400
  dashboard_port = 9181
  database_port  = 5432
  redis_port     = 6379
}
