# Tasks: what they run, how they stop, what they may do, how they scale.

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

run "tasks" {
  command = apply

  variables {
    certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012"
    dashboard_cidrs = ["203.0.113.7/32"]
    alarm_email     = "someone@example.org"
  }

  assert {
    condition = alltrue([for container in [module.app.container, module.worker.container, module.migrate.container, module.dashboard[0].container] :
      container.readonlyRootFilesystem && container.linuxParameters.initProcessEnabled && container.linuxParameters.capabilities.drop == ["ALL"] && container.image == "123456789012.dkr.ecr.us-east-1.amazonaws.com/taskoverflow:abc1234"
    ])
    error_message = "A container may write, gets no SIGTERM, has capabilities, or is not our image."
  }
  assert {
    condition     = contains([for secret in module.app.container.secrets : secret.name], "TASKOVERFLOW_API_TOKENS") && !contains([for variable in module.app.container.environment : variable.name], "TASKOVERFLOW_ALLOW_ANONYMOUS")
    error_message = "The API lets in whoever comes, although there are tokens."
  }
  assert {
    condition     = module.worker.container.stopTimeout > 90 && module.worker.container.stopTimeout <= 120
    error_message = "A worker is killed before its grace is over."
  }
  assert {
    condition     = module.app.container.portMappings[0].containerPort == 6400 && aws_lb_target_group.of["app"].port == 6400 && aws_lb_target_group.of["app"].health_check[0].path == "/api/v1/health"
    error_message = "The load balancer does not reach the app, or asks the wrong question."
  }
  assert {
    condition     = alltrue([for service in aws_ecs_service.of : service.deployment_circuit_breaker[0].enable && service.deployment_circuit_breaker[0].rollback])
    error_message = "A deployment that fails is not rolled back."
  }
  assert {
    condition     = alltrue([for container in [module.app.container, module.worker.container, module.dashboard[0].container] : length(container.healthCheck.command) == 4])
    error_message = "A service has no health check."
  }
  assert {
    condition     = one(aws_appautoscaling_policy.worker.target_tracking_scaling_policy_configuration[0].customized_metric_specification).metric_name == "BacklogPerWorker"
    error_message = "Workers do not scale on the queue's depth."
  }
  assert {
    condition     = toset([for policy in aws_appautoscaling_policy.app : policy.target_tracking_scaling_policy_configuration[0].predefined_metric_specification[0].predefined_metric_type]) == toset(["ECSServiceAverageCPUUtilization", "ALBRequestCountPerTarget"])
    error_message = "The app does not scale on CPU and requests."
  }
  assert {
    condition     = aws_appautoscaling_target.of["worker"].min_capacity == 1 && aws_appautoscaling_target.of["worker"].max_capacity == 6
    error_message = "Workers have no bounds."
  }
  assert {
    condition     = alltrue([for name in ["oldest-queued-job", "unhealthy-targets"] : contains(keys(aws_cloudwatch_metric_alarm.of), name)]) && aws_cloudwatch_metric_alarm.failed_jobs.alarm_actions == toset(["arn:aws:sns:us-east-1:123456789012:taskoverflow-alarms"])
    error_message = "An alarm is missing, or tells nobody."
  }
  assert {
    condition     = alltrue([for metric in concat([for alarm in aws_cloudwatch_metric_alarm.of : alarm.dimensions if alarm.namespace == "TaskOverflow"]) : metric.Queue == "taskoverflow"]) && one([for variable in module.app.container.environment : variable.value if variable.name == "TASKOVERFLOW_QUEUE"]) == "taskoverflow"
    error_message = "The alarms watch another queue than the one there is."
  }
  assert {
    condition     = alltrue([for group in aws_cloudwatch_log_group.database : group.retention_in_days == 30])
    error_message = "Logs are kept for ever."
  }
  assert {
    condition = alltrue(flatten([for policy in [module.app.execution_policy, module.worker.execution_policy, module.migrate.execution_policy, module.dashboard[0].execution_policy] :
      [for statement in jsondecode(policy).Statement : statement.Resource != "*" || statement.Action == "ecr:GetAuthorizationToken"]
    ]))
    error_message = "A role may do something to everything."
  }
  assert {
    condition = alltrue(flatten([for policy in [module.app.execution_policy, module.worker.execution_policy, module.migrate.execution_policy, module.dashboard[0].execution_policy] :
      [for statement in jsondecode(policy).Statement : [for action in flatten([statement.Action]) : !strcontains(action, "*")]]
    ]))
    error_message = "A role may do more than the actions that are named."
  }
}

run "learner_lab" {
  command = apply

  variables {
    api_tokens      = []
    allow_anonymous = true
    lab_role_name   = "LabRole"
    use_default_vpc = true
    redis_mode      = "ecs"
  }

  assert {
    condition     = alltrue([for policy in [module.app.execution_policy, module.worker.execution_policy, module.migrate.execution_policy, module.redis[0].execution_policy] : policy == null])
    error_message = "An IAM resource is made."
  }
  assert {
    condition     = length(aws_vpc.own) + length(aws_subnet.private) + length(aws_nat_gateway.own) + length(aws_vpc_endpoint.s3) == 0
    error_message = "A network is made beside the default VPC."
  }
  assert {
    condition     = alltrue([for service in aws_ecs_service.of : service.network_configuration[0].assign_public_ip])
    error_message = "In the default VPC a task cannot start without a public address."
  }
  assert {
    condition     = alltrue([for rule in aws_vpc_security_group_ingress_rule.flow : rule.cidr_ipv4 == null]) && alltrue([for rule in aws_vpc_security_group_ingress_rule.door : rule.security_group_id == aws_security_group.of["load_balancer"].id])
    error_message = "A task with a public address lets the world in."
  }
}
