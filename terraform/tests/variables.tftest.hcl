# What makes no sense is refused before anything is made.

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

# As many at a time as can be wrong independently: a run takes seconds.

run "names_and_sizes" {
  command = plan

  variables {
    image_tag            = "latest"
    api_tokens           = []
    public_url           = "todos.example.org/list"
    name                 = "taskoverflow-of-the-whole-world"
    worker_grace         = 115
    worker_count         = 0
    app_count            = 0
    database_backup_days = 0
    database_storage     = { gib = 50, max_gib = 20 }
    log_retention_days   = 10
    redis_nodes          = 0
    egress               = "none"
    vpc_cidr             = "10.0.0.0/24"
    allowed_cidrs        = ["everybody"]
    dashboard_cidrs      = ["0.0.0.0/0"]
    certificate_arn      = "example.org"
    app_settings         = { TASKOVERFLOW_DASHBOARD_PASSWORD = "x" }
  }

  expect_failures = [
    var.image_tag, var.api_tokens, var.public_url, var.name, var.worker_grace, var.worker_count, var.app_count, var.database_backup_days,
    var.database_storage, var.log_retention_days, var.redis_nodes, var.vpc_cidr, var.allowed_cidrs,
    var.egress, var.dashboard_cidrs, var.certificate_arn, var.app_settings,
  ]
}

run "modes" {
  command = plan

  variables {
    redis_mode   = "memorydb"
    worker_count = 7
    app_settings = { DATABASE_URL = "sqlite:///x" }
    passwords    = { database = "has/slashes/in/itself", redis = "redisredisredis1", dashboard = "dashboarddashboard" }
  }

  expect_failures = [var.redis_mode, var.worker_count, var.app_settings, var.passwords]
}

run "a_public_image_without_a_way_to_it" {
  command = plan

  variables {
    egress     = "endpoints"
    redis_mode = "ecs"
  }

  expect_failures = [var.egress]
}
