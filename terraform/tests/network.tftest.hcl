# Nobody reaches what is not for them.

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

run "with_everything_on" {
  command = apply

  variables {
    certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012"
    dashboard_cidrs = ["203.0.113.7/32"]
  }

  assert {
    condition = toset([for rule in aws_vpc_security_group_ingress_rule.door : "${rule.cidr_ipv4} ${rule.from_port}-${rule.to_port}"]) == toset([
      "0.0.0.0/0 80-80", "0.0.0.0/0 443-443", "203.0.113.7/32 9181-9181",
    ])
    error_message = "The load balancer has other doors than HTTP, HTTPS and the dashboard's."
  }
  assert {
    condition     = alltrue([for rule in aws_vpc_security_group_ingress_rule.door : rule.security_group_id == aws_security_group.of["load_balancer"].id])
    error_message = "Something else than the load balancer is open to addresses."
  }
  assert {
    condition     = alltrue([for rule in aws_vpc_security_group_ingress_rule.flow : rule.cidr_ipv4 == null && rule.cidr_ipv6 == null && rule.prefix_list_id == null])
    error_message = "A rule between services lets in addresses."
  }
  assert {
    condition = toset(keys(aws_vpc_security_group_ingress_rule.flow)) == toset([
      "load_balancer to app", "load_balancer to dashboard",
      "app to database", "worker to database", "migrate to database",
      "app to redis", "worker to redis", "dashboard to redis",
    ])
    error_message = "Somebody may call whom they need not."
  }
  assert {
    condition = alltrue([for name, rule in aws_vpc_security_group_ingress_rule.flow :
      rule.from_port == rule.to_port && contains([6400, 9181, 5432, 6379], rule.from_port) && rule.ip_protocol == "tcp"
    ])
    error_message = "A rule opens more than a service's port."
  }
  assert {
    condition     = alltrue([for rule in aws_vpc_security_group_egress_rule.https : rule.from_port == 443 && rule.to_port == 443])
    error_message = "Tasks may call out by more than HTTPS."
  }
  assert {
    condition     = length(aws_security_group.of["app"].ingress) == 0 && length(aws_security_group.of["app"].egress) == 0
    error_message = "A security group has rules of its own."
  }
  assert {
    condition     = alltrue([for service in aws_ecs_service.of : !service.network_configuration[0].assign_public_ip])
    error_message = "A task has a public address."
  }
  assert {
    condition = alltrue([for service in aws_ecs_service.of :
      toset(service.network_configuration[0].subnets) == toset([for subnet in aws_subnet.private : subnet.id])
    ])
    error_message = "A service is not in the private subnets."
  }
  assert {
    condition     = toset(aws_db_subnet_group.database.subnet_ids) == toset([for subnet in aws_subnet.private : subnet.id]) && !aws_db_instance.database.publicly_accessible
    error_message = "The database is not in the private subnets, or has a public address."
  }
  assert {
    condition     = toset(aws_elasticache_subnet_group.redis[0].subnet_ids) == toset([for subnet in aws_subnet.private : subnet.id])
    error_message = "Redis is not in the private subnets."
  }
  assert {
    condition     = length(aws_subnet.private) == 2 && length(distinct([for subnet in aws_subnet.private : subnet.availability_zone])) == 2
    error_message = "The private subnets are not in two zones."
  }
  assert {
    condition     = alltrue([for subnet in aws_subnet.private : subnet.map_public_ip_on_launch != true])
    error_message = "A private subnet gives out public addresses."
  }
  assert {
    condition     = aws_lb_listener.http.default_action[0].type == "redirect" && aws_lb_listener.http.default_action[0].redirect[0].status_code == "HTTP_301"
    error_message = "HTTP does not redirect to HTTPS although there is a certificate."
  }
  assert {
    condition     = aws_lb_listener.https[0].port == 443 && strcontains(aws_lb_listener.https[0].ssl_policy, "TLS13")
    error_message = "HTTPS is not as it should be."
  }
  assert {
    condition     = aws_lb_listener.dashboard[0].protocol == "HTTPS"
    error_message = "The dashboard's password would travel unencrypted."
  }
  assert {
    condition     = aws_lb.public.drop_invalid_header_fields
    error_message = "The load balancer lets invalid headers through."
  }
}

run "without_a_certificate" {
  command = apply

  assert {
    condition     = aws_lb_listener.http.default_action[0].type == "forward" && length(aws_lb_listener.https) == 0
    error_message = "HTTP does not lead to the app."
  }
  assert {
    condition     = toset([for rule in aws_vpc_security_group_ingress_rule.door : rule.from_port]) == toset([80])
    error_message = "More than HTTP is open."
  }
  assert {
    condition     = !contains(keys(aws_ecs_service.of), "dashboard") && length(aws_lb_listener.dashboard) == 0
    error_message = "The dashboard runs although nobody may see it."
  }
}

run "with_endpoints" {
  command = apply

  variables {
    egress = "endpoints"
  }

  assert {
    condition     = length(aws_nat_gateway.own) == 0 && length(aws_route.nat) == 0 && length(aws_vpc_security_group_egress_rule.https) == 0
    error_message = "There is a way out although there should be none."
  }
  assert {
    condition     = toset(keys(aws_vpc_endpoint.interface)) == toset(["ecr.api", "ecr.dkr", "logs", "secretsmanager"])
    error_message = "A task could not start: it fetches its image and secrets, and sends its log."
  }
  assert {
    condition     = contains(keys(aws_vpc_security_group_ingress_rule.flow), "migrate to endpoints")
    error_message = "The migration could not start."
  }
}

run "with_nat_per_zone" {
  command = apply

  variables {
    egress = "nat-per-zone"
  }

  assert {
    condition     = length(aws_nat_gateway.own) == 2 && length(distinct([for route in aws_route.nat : route.nat_gateway_id])) == 2
    error_message = "The zones share a NAT gateway."
  }
}
