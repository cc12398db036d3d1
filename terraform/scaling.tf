# Between *_count and *_count_max. app by what it has to do; worker by what waits: a worker that
# builds a large calendar is busy, and a queue that is empty needs no second one.

locals {
  scaled = {
    app    = { min = var.app_count, max = var.app_count_max }
    worker = { min = var.worker_count, max = var.worker_count_max }
  }
}

resource "aws_appautoscaling_target" "of" {
  for_each           = local.scaled
  service_namespace  = "ecs"
  resource_id        = "service/${aws_ecs_cluster.taskoverflow.name}/${aws_ecs_service.of[each.key].name}"
  scalable_dimension = "ecs:service:DesiredCount"
  min_capacity       = each.value.min
  max_capacity       = each.value.max
}

resource "aws_appautoscaling_policy" "app" {
  for_each = {
    cpu      = { metric = "ECSServiceAverageCPUUtilization", target = 60, label = null }
    requests = { metric = "ALBRequestCountPerTarget", target = var.app_requests_target, label = "${aws_lb.public.arn_suffix}/${aws_lb_target_group.of["app"].arn_suffix}" }
  }
  name               = "app-${each.key}"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.of["app"].service_namespace
  resource_id        = aws_appautoscaling_target.of["app"].resource_id
  scalable_dimension = aws_appautoscaling_target.of["app"].scalable_dimension

  target_tracking_scaling_policy_configuration {
    target_value       = each.value.target
    scale_out_cooldown = 60
    scale_in_cooldown  = 300

    predefined_metric_specification {
      predefined_metric_type = each.value.metric
      resource_label         = each.value.label
    }
  }
}

# The web tasks publish it: there is always one, while there may be no worker when it is needed
# most. See taskoverflow/web/queue_metrics.py.
resource "aws_appautoscaling_policy" "worker" {
  name               = "worker-backlog"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.of["worker"].service_namespace
  resource_id        = aws_appautoscaling_target.of["worker"].resource_id
  scalable_dimension = aws_appautoscaling_target.of["worker"].scalable_dimension

  target_tracking_scaling_policy_configuration {
    target_value       = var.worker_backlog_target
    scale_out_cooldown = 60
    scale_in_cooldown  = 300

    customized_metric_specification {
      namespace   = local.namespace
      metric_name = "BacklogPerWorker"
      statistic   = "Average"

      dimensions {
        name  = "Queue"
        value = var.name
      }
    }
  }
}
