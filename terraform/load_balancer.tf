# What the world sees.

locals {
  targets = merge(
    { app = { port = local.app_port, path = "/api/v1/health", answer = "200" } },
    # It asks for its password: that is an answer too.
    local.dashboard ? { dashboard = { port = local.dashboard_port, path = "/", answer = "401" } } : {},
  )
}

resource "aws_lb" "public" {
  #checkov:skip=CKV_AWS_91:The application logs each request, with its id, as JSON; a bucket of the same again is yours to add.
  #checkov:skip=CKV_AWS_150:deletion_protection turns it on, and is on by default.
  #checkov:skip=CKV2_AWS_20:With a certificate, HTTP only redirects; without one there is nothing to redirect to.
  #checkov:skip=CKV2_AWS_28:A web application firewall costs more than a small system's tasks; bodies, headers and rates are limited by the application.
  name                       = var.name
  load_balancer_type         = "application"
  subnets                    = local.vpc.public_subnets
  security_groups            = [aws_security_group.of["load_balancer"].id]
  drop_invalid_header_fields = true
  preserve_host_header       = true # absolute addresses are made from it
  enable_deletion_protection = var.deletion_protection

  # More than the 30 s of `Prefer: wait` and the 15 s between two signs of life on a stream of
  # events; less than the 75 s for which the server keeps a connection open that is idle, or now and
  # then a request would meet one that is just being closed, and be answered 502.
  idle_timeout = 60
}

resource "aws_lb_target_group" "of" {
  #checkov:skip=CKV_AWS_378:TLS ends at the load balancer; behind it are the VPC and security groups that admit only it.
  for_each    = local.targets
  name        = "${var.name}-${each.key}"
  vpc_id      = local.vpc.id
  target_type = "ip"
  protocol    = "HTTP"
  port        = each.value.port

  # Streams of events last: round robin would pile them up on the oldest task.
  load_balancing_algorithm_type = "least_outstanding_requests"
  deregistration_delay          = 40 # longer than a `Prefer: wait`

  health_check {
    path                = each.value.path
    matcher             = each.value.answer
    interval            = 10
    timeout             = 5
    healthy_threshold   = 2
    unhealthy_threshold = 5 # 50 s, in which a new task has long begun to answer
  }
}

resource "aws_lb_listener" "http" {
  #checkov:skip=CKV_AWS_2:It redirects to HTTPS where there is a certificate.
  #checkov:skip=CKV_AWS_103:As above.
  load_balancer_arn = aws_lb.public.arn
  protocol          = "HTTP"
  port              = 80

  default_action {
    type             = local.https ? "redirect" : "forward"
    target_group_arn = local.https ? null : aws_lb_target_group.of["app"].arn

    dynamic "redirect" {
      for_each = local.https ? [443] : []
      content {
        protocol    = "HTTPS"
        port        = tostring(redirect.value)
        status_code = "HTTP_301"
      }
    }
  }
}

resource "aws_lb_listener" "https" {
  count             = local.https ? 1 : 0
  load_balancer_arn = aws_lb.public.arn
  protocol          = "HTTPS"
  port              = 443
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  certificate_arn   = var.certificate_arn

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.of["app"].arn
  }
}

resource "aws_lb_listener" "dashboard" {
  #checkov:skip=CKV_AWS_2:HTTPS where there is a certificate; without one, a plan warns.
  #checkov:skip=CKV_AWS_103:As above.
  count             = local.dashboard ? 1 : 0
  load_balancer_arn = aws_lb.public.arn
  protocol          = local.https ? "HTTPS" : "HTTP"
  port              = local.dashboard_port
  ssl_policy        = local.https ? "ELBSecurityPolicy-TLS13-1-2-2021-06" : null
  certificate_arn   = var.certificate_arn

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.of["dashboard"].arn
  }
}
