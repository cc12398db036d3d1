# Two zones; what faces the world in public subnets, all else in private ones. Or the default VPC,
# which has only public subnets.

locals {
  own_vpc = var.use_default_vpc ? 0 : 1
  nat     = startswith(var.egress, "nat") && !var.use_default_vpc
  zones   = slice(data.aws_availability_zones.available.names, 0, 2)

  vpc = {
    id              = one(concat(aws_vpc.own[*].id, data.aws_vpc.default[*].id))
    cidr            = one(concat(aws_vpc.own[*].cidr_block, data.aws_vpc.default[*].cidr_block))
    public_subnets  = var.use_default_vpc ? one(data.aws_subnets.default[*].ids) : [for zone in local.zones : aws_subnet.public[zone].id]
    private_subnets = var.use_default_vpc ? one(data.aws_subnets.default[*].ids) : [for zone in local.zones : aws_subnet.private[zone].id]
  }
  own_zones = toset(var.use_default_vpc ? [] : local.zones)
  nat_zones = toset(!local.nat ? [] : var.egress == "nat" ? slice(local.zones, 0, 1) : local.zones)
}

data "aws_availability_zones" "available" {
  #checkov:skip=CKV_AWS_394:The first two by name are used, and a new zone has a later name.
  state = "available"

  filter {
    name   = "opt-in-status"
    values = ["opt-in-not-required"]
  }
}

data "aws_region" "current" {}

data "aws_vpc" "default" {
  count   = var.use_default_vpc ? 1 : 0
  default = true
}

data "aws_subnets" "default" {
  count = var.use_default_vpc ? 1 : 0

  filter {
    name   = "vpc-id"
    values = [data.aws_vpc.default[0].id]
  }
  filter {
    name   = "default-for-az"
    values = ["true"]
  }
}

resource "aws_vpc" "own" {
  #checkov:skip=CKV2_AWS_11:Flow logs cost more than all other logs together; turn them on while you look for something.
  count                = local.own_vpc
  cidr_block           = var.vpc_cidr
  enable_dns_support   = true
  enable_dns_hostnames = true

  tags = { Name = var.name }
}

# The group that a resource gets when it names none: it lets nothing through.
resource "aws_default_security_group" "closed" {
  count  = local.own_vpc
  vpc_id = aws_vpc.own[0].id
}

resource "aws_internet_gateway" "own" {
  count  = local.own_vpc
  vpc_id = aws_vpc.own[0].id

  tags = { Name = var.name }
}

resource "aws_subnet" "public" {
  for_each          = local.own_zones
  vpc_id            = aws_vpc.own[0].id
  availability_zone = each.key
  cidr_block        = cidrsubnet(var.vpc_cidr, 4, index(local.zones, each.key))

  tags = { Name = "${var.name}-public-${each.key}" }
}

resource "aws_subnet" "private" {
  for_each          = local.own_zones
  vpc_id            = aws_vpc.own[0].id
  availability_zone = each.key
  cidr_block        = cidrsubnet(var.vpc_cidr, 4, 8 + index(local.zones, each.key))

  tags = { Name = "${var.name}-private-${each.key}" }
}

resource "aws_route_table" "public" {
  count  = local.own_vpc
  vpc_id = aws_vpc.own[0].id

  tags = { Name = "${var.name}-public" }
}

resource "aws_route" "internet" {
  count                  = local.own_vpc
  route_table_id         = aws_route_table.public[0].id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.own[0].id
}

resource "aws_route_table_association" "public" {
  for_each       = local.own_zones
  subnet_id      = aws_subnet.public[each.key].id
  route_table_id = aws_route_table.public[0].id
}

resource "aws_route_table" "private" {
  for_each = local.own_zones
  vpc_id   = aws_vpc.own[0].id

  tags = { Name = "${var.name}-private-${each.key}" }
}

resource "aws_route_table_association" "private" {
  for_each       = local.own_zones
  subnet_id      = aws_subnet.private[each.key].id
  route_table_id = aws_route_table.private[each.key].id
}

# The way out: NAT gateways, or endpoints. Nothing of ours needs the internet; images, secrets and
# logs are AWS's. One gateway costs less than endpoints in two zones, and also reaches other
# registries; while its zone is down, what runs goes on, and no new task starts.

resource "aws_eip" "nat" {
  #checkov:skip=CKV2_AWS_19:It belongs to a NAT gateway, not to an instance.
  for_each = local.nat_zones
  domain   = "vpc"

  tags = { Name = "${var.name}-nat-${each.key}" }
}

resource "aws_nat_gateway" "own" {
  for_each      = local.nat_zones
  allocation_id = aws_eip.nat[each.key].id
  subnet_id     = aws_subnet.public[each.key].id

  tags       = { Name = "${var.name}-${each.key}" }
  depends_on = [aws_internet_gateway.own]
}

resource "aws_route" "nat" {
  for_each               = local.nat ? local.own_zones : []
  route_table_id         = aws_route_table.private[each.key].id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.own[contains(local.nat_zones, each.key) ? each.key : local.zones[0]].id
}

# Free of charge, and the way of the image's layers, which ECR keeps in S3.
resource "aws_vpc_endpoint" "s3" {
  count             = local.own_vpc
  vpc_id            = aws_vpc.own[0].id
  service_name      = "com.amazonaws.${data.aws_region.current.name}.s3"
  vpc_endpoint_type = "Gateway"
  route_table_ids   = [for zone in local.zones : aws_route_table.private[zone].id]

  tags = { Name = "${var.name}-s3" }
}

resource "aws_vpc_endpoint" "interface" {
  for_each            = toset(local.endpoints ? ["ecr.api", "ecr.dkr", "logs", "secretsmanager"] : [])
  vpc_id              = aws_vpc.own[0].id
  service_name        = "com.amazonaws.${data.aws_region.current.name}.${each.key}"
  vpc_endpoint_type   = "Interface"
  private_dns_enabled = true
  subnet_ids          = local.vpc.private_subnets
  security_group_ids  = [aws_security_group.of["endpoints"].id]

  tags = { Name = "${var.name}-${each.key}" }
}
