# Brings the database's schema up to date: run by scripts/deploy before anything else is rolled out.

module "migrate" {
  source = "./modules/task"

  prefix         = var.name
  name           = "migrate"
  image          = local.image
  repository_arn = aws_ecr_repository.taskoverflow.arn
  command        = ["migrate"]
  cpu            = 256
  memory         = 512

  secrets = {
    DATABASE_URL = local.secret["database-url"]
  }

  log_retention_days = var.log_retention_days
  lab_role_arn       = local.lab_role_arn
}

# All that a migration needs in order to run: what scripts/deploy makes before the rest.
resource "terraform_data" "migration" {
  input = module.migrate.arn

  depends_on = [
    aws_route.internet,
    aws_route.nat,
    aws_route_table_association.private,
    aws_route_table_association.public,
    aws_vpc_endpoint.interface,
    aws_vpc_endpoint.s3,
    aws_vpc_security_group_egress_rule.flow,
    aws_vpc_security_group_egress_rule.https,
    aws_vpc_security_group_egress_rule.image_layers,
    aws_vpc_security_group_ingress_rule.flow,
  ]
}
