# Who may talk to whom. One table makes both ends of each rule: what the one may call, the other
# lets in. Security groups have no other rules, and there is no SSH anywhere.

locals {
  endpoints = var.egress == "endpoints" && !var.use_default_vpc
  files     = !local.elasticache # Redis's, on EFS

  group_of = {
    load_balancer = "The load balancer: the only one that the world may call"
    app           = "The web server"
    worker        = "The workers"
    dashboard     = "rq-dashboard"
    migrate       = "The migration of the database"
    database      = "PostgreSQL"
    redis         = "Redis"
    endpoints     = "AWS services in the VPC"
    files         = "Files of Redis"
  }
  left_out = concat(
    local.dashboard ? [] : ["dashboard"],
    local.endpoints ? [] : ["endpoints"],
    local.files ? [] : ["files"],
  )
  groups = { for name, text in local.group_of : name => text if !contains(local.left_out, name) }

  # Tasks fetch their image and secrets, and send their logs.
  tasks = [for name in ["app", "worker", "dashboard", "migrate", "redis"] : name
  if contains(keys(local.groups), name) && (name != "redis" || !local.elasticache)]

  calls = concat(
    [
      { from = "load_balancer", to = "app", port = local.app_port },
      { from = "load_balancer", to = "dashboard", port = local.dashboard_port },
      { from = "app", to = "database", port = local.database_port },
      { from = "worker", to = "database", port = local.database_port },
      { from = "migrate", to = "database", port = local.database_port },
      { from = "app", to = "redis", port = local.redis_port },
      { from = "worker", to = "redis", port = local.redis_port },
      { from = "dashboard", to = "redis", port = local.redis_port },
      { from = "redis", to = "files", port = 2049 },
    ],
    [for task in local.tasks : { from = task, to = "endpoints", port = 443 }],
  )
  flows = {
    for call in local.calls : "${call.from} to ${call.to}" => call
    if !contains(local.left_out, call.from) && !contains(local.left_out, call.to)
  }

  # What of the load balancer is open, to whom.
  doors = merge(
    { for cidr in var.allowed_cidrs : "http from ${cidr}" => { port = 80, cidr = cidr } },
    local.https ? { for cidr in var.allowed_cidrs : "https from ${cidr}" => { port = 443, cidr = cidr } } : {},
    { for cidr in var.dashboard_cidrs : "dashboard from ${cidr}" => { port = local.dashboard_port, cidr = cidr } },
  )
}

resource "aws_security_group" "of" {
  for_each    = local.groups
  name        = "${var.name}-${replace(each.key, "_", "-")}"
  description = each.value
  vpc_id      = local.vpc.id

  tags = { Name = "${var.name}-${replace(each.key, "_", "-")}" }
}

resource "aws_vpc_security_group_ingress_rule" "flow" {
  #checkov:skip=CKV_AWS_23:Its name says what it is for.
  for_each                     = local.flows
  security_group_id            = aws_security_group.of[each.value.to].id
  referenced_security_group_id = aws_security_group.of[each.value.from].id
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port

  tags = { Name = each.key }
}

resource "aws_vpc_security_group_egress_rule" "flow" {
  #checkov:skip=CKV_AWS_23:Its name says what it is for.
  for_each                     = local.flows
  security_group_id            = aws_security_group.of[each.value.from].id
  referenced_security_group_id = aws_security_group.of[each.value.to].id
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port

  tags = { Name = each.key }
}

resource "aws_vpc_security_group_ingress_rule" "door" {
  #checkov:skip=CKV_AWS_23:As above.
  #checkov:skip=CKV_AWS_260:Port 80 of the load balancer is the service's, or redirects to HTTPS.
  for_each          = local.doors
  security_group_id = aws_security_group.of["load_balancer"].id
  cidr_ipv4         = each.value.cidr
  ip_protocol       = "tcp"
  from_port         = each.value.port
  to_port           = each.value.port

  tags = { Name = each.key }
}

# ECR, Secrets Manager and CloudWatch Logs have no addresses of their own that a rule could name.
resource "aws_vpc_security_group_egress_rule" "https" {
  for_each          = toset(local.endpoints ? [] : local.tasks)
  description       = "To AWS services"
  security_group_id = aws_security_group.of[each.key].id
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_vpc_security_group_egress_rule" "image_layers" {
  for_each          = toset(local.endpoints ? local.tasks : [])
  description       = "To S3, for layers of images"
  security_group_id = aws_security_group.of[each.key].id
  prefix_list_id    = aws_vpc_endpoint.s3[0].prefix_list_id
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}
