resource "aws_db_subnet_group" "database" {
  name       = var.name
  subnet_ids = local.vpc.private_subnets
}

resource "aws_db_instance" "database" {
  #checkov:skip=CKV_AWS_118:Enhanced monitoring needs a role of its own, which a Learner Lab cannot make; CloudWatch has the basic figures.
  #checkov:skip=CKV_AWS_157:A second zone doubles the price: database_multi_az.
  #checkov:skip=CKV_AWS_161:The application signs in with a password from Secrets Manager; IAM's tokens would tie it to AWS.
  #checkov:skip=CKV_AWS_293:deletion_protection turns it on, and is on by default.
  #checkov:skip=CKV_AWS_353:Performance Insights ends in favour of paid Database Insights; turn it on while you look for something.
  #checkov:skip=CKV2_AWS_30:Logging each statement would put what users typed into the log.
  #checkov:skip=CKV2_AWS_60:copy_tags_to_snapshot is on, see below.
  identifier     = var.name
  engine         = "postgres"
  engine_version = "17"
  instance_class = var.database_instance_class
  port           = local.database_port

  storage_type          = "gp3"
  storage_encrypted     = true
  allocated_storage     = var.database_storage.gib
  max_allocated_storage = var.database_storage.max_gib

  db_name             = local.database_name
  username            = local.database_user
  password_wo         = local.password["database"]
  password_wo_version = var.password_version

  db_subnet_group_name   = aws_db_subnet_group.database.name
  vpc_security_group_ids = [aws_security_group.of["database"].id]
  publicly_accessible    = false # PostgreSQL 15 and later refuse connections without TLS by default
  multi_az               = var.database_multi_az

  backup_retention_period   = var.database_backup_days
  copy_tags_to_snapshot     = true
  deletion_protection       = var.deletion_protection
  skip_final_snapshot       = !var.deletion_protection
  final_snapshot_identifier = var.deletion_protection ? "${var.name}-final" : null

  auto_minor_version_upgrade      = true
  enabled_cloudwatch_logs_exports = ["postgresql", "upgrade"]

  depends_on = [aws_cloudwatch_log_group.database]
}
