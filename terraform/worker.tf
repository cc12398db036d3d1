# The workers. One that is to stop has its grace to finish the job, or puts it back.

module "worker" {
  source = "./modules/task"

  prefix         = var.name
  name           = "worker"
  image          = local.image
  repository_arn = aws_ecr_repository.taskoverflow.arn
  command        = ["worker", "--count", tostring(var.worker.processes)]
  health_check   = ["CMD", "taskoverflow", "healthcheck", "worker"]
  cpu            = var.worker.cpu
  memory         = var.worker.memory
  stop_timeout   = var.worker_grace + 10

  environment = merge(local.settings, {
    TASKOVERFLOW_GRACE = tostring(var.worker_grace)
    # MiB at which a child process is replaced: together they must stay below the task's memory, or
    # the whole task is killed.
    TASKOVERFLOW_RECYCLE_MEMORY = tostring(floor(0.4 * var.worker.memory / var.worker.processes))
  })
  secrets = {
    DATABASE_URL = local.secret["database-url"]
    REDIS_URL    = local.secret["redis-url"]
  }

  log_retention_days = var.log_retention_days
  lab_role_arn       = local.lab_role_arn
}
