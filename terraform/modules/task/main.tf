# A Fargate task definition, the log that it writes, and the role with which ECS starts it.

data "aws_region" "current" {}

resource "aws_cloudwatch_log_group" "task" {
  #checkov:skip=CKV_AWS_158:CloudWatch encrypts logs with its own key.
  #checkov:skip=CKV_AWS_338:How long logs are kept is for you to say: log_retention_days.
  name              = "/${var.prefix}/${var.name}"
  retention_in_days = var.log_retention_days
}

resource "aws_ecs_task_definition" "task" {
  family                   = "${var.prefix}-${var.name}"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.cpu
  memory                   = var.memory
  execution_role_arn       = var.lab_role_arn == null ? one(aws_iam_role.execution[*].arn) : var.lab_role_arn

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = "X86_64"
  }

  # Without its nulls: ECS answers without them, and that would look like a change.
  container_definitions = jsonencode([{ for key, value in local.container : key => value if value != null }])

  dynamic "volume" {
    for_each = var.volume[*]
    content {
      name = "files"
      efs_volume_configuration {
        file_system_id     = volume.value.file_system_id
        transit_encryption = "ENABLED"
        authorization_config {
          access_point_id = volume.value.access_point_id
        }
      }
    }
  }
}

locals {
  container = {
    name        = var.name
    image       = var.image
    essential   = true
    entryPoint  = var.entry_point
    command     = var.command
    user        = var.user
    environment = [for name, value in var.environment : { name = name, value = value }]
    secrets     = [for name, secret in var.secrets : { name = name, valueFrom = secret.value_from }]

    readonlyRootFilesystem = true
    stopTimeout            = var.stop_timeout
    linuxParameters = {
      initProcessEnabled = true # forwards SIGTERM, and reaps
      capabilities       = { drop = ["ALL"] }
      # A calendar over 8 MB waits there, compressed, for its transaction. It counts as memory.
      tmpfs = [{ containerPath = "/tmp", size = floor(var.memory / 4) }]
    }

    portMappings = [for port in var.port[*] : { containerPort = port, hostPort = port, protocol = "tcp" }]
    mountPoints  = [for volume in var.volume[*] : { sourceVolume = "files", containerPath = volume.path, readOnly = false }]
    healthCheck = var.health_check == null ? null : {
      command     = var.health_check
      interval    = 15
      timeout     = 10
      retries     = 4
      startPeriod = 60
    }
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.task.name
        awslogs-region        = data.aws_region.current.name
        awslogs-stream-prefix = var.name
        # The service rather loses a line than waits for CloudWatch.
        mode            = "non-blocking"
        max-buffer-size = "4m"
      }
    }
  }
}
