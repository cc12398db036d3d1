# What is stored is encrypted and kept; what is secret is nowhere to be read.

mock_provider "aws" {
  source = "./tests/mocks"
}

# Real, and idle: see versions.tf.
provider "aws" {
  alias                       = "passwords"
  region                      = "us-east-1"
  access_key                  = "unused"
  secret_key                  = "unused"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}

variables {
  image_tag     = "abc1234"
  api_tokens    = ["somebody:write:0123456789abcdef"]
  own_passwords = true
  passwords     = { database = "databasedatabase", redis = "redisredisredis1", dashboard = "dashboarddashboard" }
}

run "elasticache" {
  command = apply

  variables {
    certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012"
    dashboard_cidrs = ["203.0.113.7/32"]
    queue_lab       = true
    redis_nodes     = 2
  }

  assert {
    condition     = aws_db_instance.database.storage_encrypted && aws_db_instance.database.backup_retention_period == 7 && aws_db_instance.database.deletion_protection
    error_message = "The database is not encrypted, backed up and protected."
  }
  assert {
    condition     = !aws_db_instance.database.skip_final_snapshot && aws_db_instance.database.copy_tags_to_snapshot
    error_message = "The database would go without a last snapshot."
  }
  assert {
    condition     = aws_db_instance.database.password == null && aws_db_instance.database.username == "taskoverflow"
    error_message = "The database's password is in the state."
  }
  assert {
    condition = alltrue([
      aws_elasticache_replication_group.redis[0].transit_encryption_enabled,
      aws_elasticache_replication_group.redis[0].at_rest_encryption_enabled,
      aws_elasticache_replication_group.redis[0].auth_token != null,
      aws_elasticache_replication_group.redis[0].automatic_failover_enabled,
    ])
    error_message = "Redis has no TLS, AUTH, encryption or failover."
  }
  assert {
    condition     = one(aws_elasticache_parameter_group.redis[0].parameter).value == "noeviction"
    error_message = "A full Redis would drop jobs."
  }
  assert {
    condition     = aws_elasticache_replication_group.redis[0].num_node_groups == null || aws_elasticache_replication_group.redis[0].num_node_groups <= 1
    error_message = "RQ cannot use a cluster."
  }
  assert {
    condition     = alltrue([for version in values(aws_secretsmanager_secret_version.password) : version.secret_string == null]) && alltrue([for version in values(aws_secretsmanager_secret_version.url) : version.secret_string == null])
    error_message = "A secret is in the state."
  }
  assert {
    condition = alltrue([for text in ["databasedatabase", "redisredisredis1", "dashboarddashboard", "postgresql:", "redis:", "rediss:"] :
      !strcontains(jsonencode([module.app.container, module.worker.container, module.migrate.container, module.dashboard[0].container]), text)
    ])
    error_message = "A task definition shows a password or a URL with one."
  }
  assert {
    condition = alltrue(flatten([for container in [module.app.container, module.worker.container, module.migrate.container, module.dashboard[0].container] :
      [for secret in container.secrets : startswith(secret.valueFrom, "arn:aws:secretsmanager:")]
    ]))
    error_message = "A secret does not come from Secrets Manager."
  }
  assert {
    condition     = [for secret in module.migrate.container.secrets : secret.name] == ["DATABASE_URL"] && [for secret in module.dashboard[0].container.secrets : secret.name] == ["REDIS_URL", "TASKOVERFLOW_DASHBOARD_PASSWORD"]
    error_message = "A task has secrets that it does not need."
  }
  assert {
    condition     = aws_ecr_repository.taskoverflow.image_tag_mutability == "IMMUTABLE" && aws_ecr_repository.taskoverflow.image_scanning_configuration[0].scan_on_push && !aws_ecr_repository.taskoverflow.force_delete
    error_message = "Images may change under their tag, are not scanned, or go with the repository."
  }
  assert {
    condition     = alltrue([for queue in concat(values(aws_sqs_queue.of), values(aws_sqs_queue.dead_letters)) : queue.sqs_managed_sse_enabled])
    error_message = "A queue is not encrypted."
  }
  assert {
    condition     = toset(keys(output.queues)) == toset(["csse6400_prac", "csse6400_prac.fifo", "ical"]) && aws_sqs_queue.of["csse6400_prac.fifo"].fifo_queue && aws_sqs_queue.of["csse6400_prac.fifo"].content_based_deduplication
    error_message = "The practical's queues are not what it says."
  }
  assert {
    condition     = aws_sqs_queue.dead_letters["csse6400_prac.fifo"].fifo_queue && endswith(aws_sqs_queue.dead_letters["csse6400_prac.fifo"].name, ".fifo")
    error_message = "A FIFO queue's dead letters need a FIFO queue."
  }
}

run "redis_on_ecs_and_nothing_protected" {
  command = apply

  variables {
    redis_mode          = "ecs"
    deletion_protection = false
  }

  assert {
    condition     = length(aws_elasticache_replication_group.redis) == 0 && length(aws_sqs_queue.of) == 0
    error_message = "There is an ElastiCache as well, or a queue that nobody asked for."
  }
  assert {
    condition     = aws_efs_file_system.redis[0].encrypted && length(aws_efs_mount_target.redis) == 2
    error_message = "Redis's files are not encrypted, or not to be had in each zone."
  }
  assert {
    condition     = one(one([for volume in aws_ecs_service.of["redis"].service_registries : volume])[*]).registry_arn == aws_service_discovery_service.redis[0].arn
    error_message = "Nobody would find Redis."
  }
  assert {
    condition     = aws_ecs_service.of["redis"].deployment_maximum_percent == 100 && aws_ecs_service.of["redis"].deployment_minimum_healthy_percent == 0
    error_message = "Two Redis could write to the same file."
  }
  assert {
    condition     = alltrue([for text in ["--appendonly yes", "--maxmemory-policy noeviction", "--dir /data"] : strcontains(module.redis[0].container.command[0], text)])
    error_message = "Redis would forget, or drop, jobs."
  }
  assert {
    condition     = !strcontains(jsonencode(module.redis[0].container), "redisredisredis1")
    error_message = "Redis's password is in its task definition."
  }
  assert {
    condition     = module.redis[0].container.mountPoints[0].containerPath == "/data" && !module.redis[0].container.mountPoints[0].readOnly
    error_message = "Redis's data is not on EFS."
  }
  assert {
    condition     = toset([for name in keys(aws_vpc_security_group_ingress_rule.flow) : name if endswith(name, "to files")]) == toset(["redis to files"])
    error_message = "Somebody else than Redis reaches its files."
  }
  assert {
    condition = alltrue([
      !aws_db_instance.database.deletion_protection, aws_db_instance.database.skip_final_snapshot,
      !aws_lb.public.enable_deletion_protection, aws_ecr_repository.taskoverflow.force_delete,
      alltrue([for secret in aws_secretsmanager_secret.password : secret.recovery_window_in_days == 0]),
    ])
    error_message = "It could not be destroyed and made again."
  }
}
