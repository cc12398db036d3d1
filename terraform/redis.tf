# The queue. It must never drop a key to make room, since a key may be a job: `noeviction`.

locals {
  redis_host = local.elasticache ? one(aws_elasticache_replication_group.redis[*].primary_endpoint_address) : "redis.${one(aws_service_discovery_private_dns_namespace.internal[*].name)}"
}

# redis_mode = "elasticache"

resource "aws_elasticache_subnet_group" "redis" {
  count      = local.elasticache ? 1 : 0
  name       = var.name
  subnet_ids = local.vpc.private_subnets
}

# The default group has volatile-lru: it would throw results away, and locks.
resource "aws_elasticache_parameter_group" "redis" {
  count  = local.elasticache && var.redis_parameter_group_name == null ? 1 : 0
  name   = "${var.name}-redis7"
  family = "redis7"

  parameter {
    name  = "maxmemory-policy"
    value = "noeviction"
  }
}

# ElastiCache has no write-only argument for it, so this one password is in the state.
data "aws_secretsmanager_secret_version" "redis" {
  count      = local.elasticache ? 1 : 0
  secret_id  = aws_secretsmanager_secret.password["redis"].id
  version_id = aws_secretsmanager_secret_version.password["redis"].version_id
}

resource "aws_elasticache_replication_group" "redis" {
  #checkov:skip=CKV_AWS_191:AWS's own key encrypts it; a key of ours adds a monthly charge.
  #checkov:skip=CKV2_AWS_50:A second node doubles the price: redis_nodes.
  count                = local.elasticache ? 1 : 0
  replication_group_id = var.name
  description          = "The queue of ${var.name}"
  engine               = "redis"
  engine_version       = "7.1"
  node_type            = var.redis_node_type
  port                 = local.redis_port
  parameter_group_name = var.redis_parameter_group_name == null ? one(aws_elasticache_parameter_group.redis[*].name) : var.redis_parameter_group_name

  # One shard, cluster mode disabled: RQ moves a job between keys that a cluster would spread.
  num_cache_clusters         = var.redis_nodes
  automatic_failover_enabled = var.redis_nodes > 1
  multi_az_enabled           = var.redis_nodes > 1

  subnet_group_name  = aws_elasticache_subnet_group.redis[0].name
  security_group_ids = [aws_security_group.of["redis"].id]

  at_rest_encryption_enabled = true
  transit_encryption_enabled = true
  auth_token                 = data.aws_secretsmanager_secret_version.redis[0].secret_string
  auth_token_update_strategy = "ROTATE" # the old one stays good while tasks that know it still run

  snapshot_retention_limit   = 1
  auto_minor_version_upgrade = true
  apply_immediately          = true
}

# redis_mode = "ecs"

module "redis" {
  source = "./modules/task"
  count  = local.elasticache ? 0 : 1

  prefix = var.name
  name   = "redis"
  image  = var.redis_image
  user   = "999:1000" # redis, in that image
  cpu    = 256
  memory = 1024
  port   = local.redis_port

  # The password comes in by stdin: as an argument it would show in the list of processes.
  entry_point = ["sh", "-c"]
  command = [<<-EOT
    exec redis-server - --dir /data --appendonly yes --appendfsync everysec --save '' \
      --maxmemory 512mb --maxmemory-policy noeviction <<END
    requirepass $REDIS_PASSWORD
    END
  EOT
  ]
  health_check = ["CMD-SHELL", "REDISCLI_AUTH=\"$REDIS_PASSWORD\" redis-cli ping | grep -q PONG"]
  secrets      = { REDIS_PASSWORD = local.secret["redis-password"] }
  volume = {
    path            = "/data"
    file_system_id  = aws_efs_file_system.redis[0].id
    access_point_id = aws_efs_access_point.redis[0].id
  }

  log_retention_days = var.log_retention_days
  lab_role_arn       = local.lab_role_arn
}

resource "aws_efs_file_system" "redis" {
  #checkov:skip=CKV_AWS_184:AWS's own key encrypts it; a Learner Lab may make none.
  #checkov:skip=CKV2_AWS_18:What it holds is minutes old and can be asked for again; todos and calendars are in the database.
  count     = local.files ? 1 : 0
  encrypted = true

  tags = { Name = "${var.name}-redis" }
}

resource "aws_efs_mount_target" "redis" {
  count           = local.files ? length(local.vpc.private_subnets) : 0
  file_system_id  = aws_efs_file_system.redis[0].id
  subnet_id       = local.vpc.private_subnets[count.index]
  security_groups = [aws_security_group.of["files"].id]
}

# Whoever mounts it is the user redis, in this folder.
resource "aws_efs_access_point" "redis" {
  count          = local.files ? 1 : 0
  file_system_id = aws_efs_file_system.redis[0].id

  posix_user {
    uid = 999
    gid = 1000
  }
  root_directory {
    path = "/redis"
    creation_info {
      owner_uid   = 999
      owner_gid   = 1000
      permissions = "0700"
    }
  }
}

resource "aws_service_discovery_private_dns_namespace" "internal" {
  count = local.files ? 1 : 0
  name  = "${var.name}.internal"
  vpc   = local.vpc.id
}

resource "aws_service_discovery_service" "redis" {
  count         = local.files ? 1 : 0
  name          = "redis"
  force_destroy = true

  dns_config {
    namespace_id   = aws_service_discovery_private_dns_namespace.internal[0].id
    routing_policy = "MULTIVALUE"

    dns_records {
      type = "A"
      ttl  = 5
    }
  }
}
