# Leads back from main.tf: {{ scan | line }}.
#
#   mkdir undo && cp undo.tf.txt undo/main.tf && cd undo
#   terraform init
#   terraform plan
#   terraform apply
#
# Every step of main.tf is undone here, whether it was applied or not: take out those that were not. Nothing here looks whether a
# resource is still as main.tf left it. `terraform destroy` of this configuration takes back only what `azapi_resource` makes again.
{% include "provider.tf" %}
{% include "blocks.tf" %}
