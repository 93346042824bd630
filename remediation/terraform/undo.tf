# Leads back from ../main.tf: {{ scan | line }}.
#
#   terraform init
#   terraform plan
#   terraform apply
#
# Every step of ../main.tf is undone here, whether it was applied or not: take out those that were not. Nothing here looks whether a
# resource is still as ../main.tf left it. `terraform destroy` of this configuration undoes nothing of it but what it created.
{% include "provider.tf" %}
{% include "blocks.tf" %}
