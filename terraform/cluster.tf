# The cluster, and what runs in it all the time.

locals {
  # In the default VPC, whose subnets have no NAT, only a public address leads to ECR and the logs.
  public_address = var.use_default_vpc

  services = merge(
    {
      app = {
        task   = module.app.arn, count = var.app_count, at_least = 100, at_most = 200
        target = { arn = aws_lb_target_group.of["app"].arn, port = local.app_port }, registry = null
      }
      worker = {
        task   = module.worker.arn, count = var.worker_count, at_least = 100, at_most = 200
        target = null, registry = null
      }
    },
    { for task in module.dashboard[*].arn : "dashboard" => {
      task   = task, count = 1, at_least = 0, at_most = 100
      target = { arn = aws_lb_target_group.of["dashboard"].arn, port = local.dashboard_port }, registry = null
    } },
    # The old one ends before the new one starts: two would write to the same file.
    { for task in module.redis[*].arn : "redis" => {
      task   = task, count = 1, at_least = 0, at_most = 100
      target = null, registry = aws_service_discovery_service.redis[0].arn
    } },
  )
}

resource "aws_ecs_cluster" "taskoverflow" {
  #checkov:skip=CKV_AWS_65:Container Insights costs more than a small system's tasks; what scaling and alarms need, ECS and the service itself publish.
  name = var.name
}

resource "aws_ecs_service" "of" {
  #checkov:skip=CKV_AWS_333:Only in the default VPC, see public_address; and the security groups let nobody in.
  for_each        = local.services
  name            = each.key
  cluster         = aws_ecs_cluster.taskoverflow.arn
  task_definition = each.value.task
  launch_type     = "FARGATE"
  propagate_tags  = "SERVICE"

  desired_count                      = each.value.count
  deployment_minimum_healthy_percent = each.value.at_least
  deployment_maximum_percent         = each.value.at_most

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  network_configuration {
    subnets          = local.vpc.private_subnets
    security_groups  = [aws_security_group.of[each.key].id]
    assign_public_ip = local.public_address
  }

  dynamic "load_balancer" {
    for_each = each.value.target[*]
    content {
      target_group_arn = load_balancer.value.arn
      container_name   = each.key
      container_port   = load_balancer.value.port
    }
  }

  dynamic "service_registries" {
    for_each = each.value.registry[*]
    content {
      registry_arn = service_registries.value
    }
  }

  lifecycle {
    ignore_changes = [desired_count] # the scaling's
  }

  # A target group takes tasks only once a listener leads to it.
  depends_on = [aws_lb_listener.http, aws_lb_listener.https, aws_lb_listener.dashboard, aws_efs_mount_target.redis]
}
