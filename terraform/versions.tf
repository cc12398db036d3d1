terraform {
  # 1.11 is the first with write-only arguments, which keep the passwords out of the state.
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}

provider "aws" {
  region = var.region

  default_tags {
    tags = local.tags
  }
}

# For the passwords alone: `terraform test` cannot mock a provider that has ephemeral resources
# (hashicorp/terraform#38608), so they have one of their own that the tests leave real and unused.
provider "aws" {
  alias  = "passwords"
  region = var.region
}
