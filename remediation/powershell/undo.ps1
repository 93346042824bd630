#Requires -Version 7.5
#Requires -Modules Az.Accounts
# Leads back from fix.ps1, last step first: {{ scan | line }}.
#
#   ./undo.ps1           shows what would be done, and changes nothing
#   ./undo.ps1 -Apply    undoes the steps that fix.ps1 noted as done in fix.ps1.done; -All undoes every step
#
# Sign in with Connect-AzAccount first. Each step reads the resource before it writes, and stops where it is no longer as fix.ps1
# left it.
[CmdletBinding()]
param(
    [switch] $Apply,
    [switch] $All
)

{% include "functions.ps1" %}

function Invoke-Undo([string] $Text) {
    $step = ConvertFrom-Text $Text
    if (-not $All -and -not (Test-Done $step['key'])) {
        Write-Line $step['id'] 'not done, nothing to undo' $step['title']
        return
    }
    if ((Invoke-Operation $step) -and $Apply) { Set-Done $step['key'] $false }
}
{% for step in steps %}

{% for comment in step.comments %}
# {{ comment | line }}
{% endfor %}
{% if step.why_not %}
Write-Line {{ step.id | quoted }} 'cannot be undone' {{ step.why_not | line | quoted }}
{% else %}
Invoke-Undo {{ step.json | quoted }}
{% endif %}
{% endfor %}
