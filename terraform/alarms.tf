locals {
  alarm_actions = aws_sns_topic.alarms[*].arn

  alarms = merge(
    {
      # No figures are as bad as bad ones: then no web task reaches Redis.
      oldest-queued-job = {
        text      = "A job has waited too long, or nobody knows: are there workers, and is Redis there?"
        namespace = local.namespace, metric = "OldestQueuedJob", dimensions = { Queue = var.name }
        above     = true, threshold = var.oldest_job_alarm, statistic = "Maximum", minutes = 5, missing = "breaching"
      }
      unhealthy-targets = {
        text       = "The load balancer finds a web task unwell."
        namespace  = "AWS/ApplicationELB", metric = "UnHealthyHostCount"
        dimensions = { LoadBalancer = aws_lb.public.arn_suffix, TargetGroup = aws_lb_target_group.of["app"].arn_suffix }
        above      = true, threshold = 0, statistic = "Maximum", minutes = 3, missing = "notBreaching"
      }
      database-storage = {
        text      = "The database is nearly full, and may not grow any further by itself."
        namespace = "AWS/RDS", metric = "FreeStorageSpace", dimensions = { DBInstanceIdentifier = aws_db_instance.database.identifier }
        above     = false, threshold = 2 * pow(1024, 3), statistic = "Minimum", minutes = 15, missing = "missing"
      }
    },
    { for node in slice(["001", "002", "003", "004", "005", "006"], 0, local.elasticache ? var.redis_nodes : 0) : "redis-memory-${node}" => {
      text      = "Redis is nearly full: soon no job can be queued."
      namespace = "AWS/ElastiCache", metric = "DatabaseMemoryUsagePercentage", dimensions = { CacheClusterId = "${var.name}-${node}" }
      above     = true, threshold = 80, statistic = "Maximum", minutes = 5, missing = "missing"
    } },
  )
}

resource "aws_sns_topic" "alarms" {
  #checkov:skip=CKV_AWS_26:CloudWatch cannot publish to a topic under AWS's own key, and an alarm's text is no secret.
  count = var.alarm_email == null ? 0 : 1
  name  = "${var.name}-alarms"
}

resource "aws_sns_topic_subscription" "email" {
  count     = var.alarm_email == null ? 0 : 1
  topic_arn = aws_sns_topic.alarms[0].arn
  protocol  = "email"
  endpoint  = var.alarm_email
}

resource "aws_cloudwatch_metric_alarm" "of" {
  for_each            = local.alarms
  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.text
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  comparison_operator = each.value.above ? "GreaterThanThreshold" : "LessThanThreshold"
  threshold           = each.value.threshold
  period              = 60
  evaluation_periods  = each.value.minutes
  treat_missing_data  = each.value.missing
  alarm_actions       = local.alarm_actions
  ok_actions          = local.alarm_actions
}

# What is published is the number since Redis began to count: the alarm is about its rise.
resource "aws_cloudwatch_metric_alarm" "failed_jobs" {
  alarm_name          = "${var.name}-failed-jobs"
  alarm_description   = "A job has failed for good, after its retries: GET /api/v1/jobs?status=FAILURE says which and why."
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.alarm_actions
  ok_actions          = local.alarm_actions

  metric_query {
    id          = "rise"
    expression  = "DIFF(failed)"
    label       = "Jobs that failed"
    return_data = true
  }

  metric_query {
    id = "failed"
    metric {
      namespace   = local.namespace
      metric_name = "FailedJobs"
      dimensions  = { Queue = var.name }
      stat        = "Maximum"
      period      = 300
    }
  }
}
