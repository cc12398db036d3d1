# The practical's two queues, and one for calendars; each with a queue for what nobody could take.
# Their names are the practical's: one set per account and region.

locals {
  sqs = var.queue_lab ? {
    csse6400_prac        = { suffix = "" }
    "csse6400_prac.fifo" = { suffix = ".fifo" }
    ical                 = { suffix = "" }
  } : {}
}

resource "aws_sqs_queue" "dead_letters" {
  for_each                    = local.sqs
  name                        = "${trimsuffix(each.key, ".fifo")}_dead_letters${each.value.suffix}"
  fifo_queue                  = each.value.suffix == ".fifo" ? true : null
  content_based_deduplication = each.value.suffix == ".fifo" ? true : null
  message_retention_seconds   = 14 * 86400
  sqs_managed_sse_enabled     = true
}

resource "aws_sqs_queue" "of" {
  for_each                    = local.sqs
  name                        = each.key
  fifo_queue                  = each.value.suffix == ".fifo" ? true : null
  content_based_deduplication = each.value.suffix == ".fifo" ? true : null
  visibility_timeout_seconds  = 30
  receive_wait_time_seconds   = 20 # long polling: an empty answer costs as much as a full one
  sqs_managed_sse_enabled     = true

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead_letters[each.key].arn
    maxReceiveCount     = 5
  })
}
