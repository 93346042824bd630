#Requires -Version 7.5
#Requires -Modules Az.Accounts
# Mends what driftline found: {{ scan | line }}.
#
#   ./fix.ps1           shows what would be done, and changes nothing
#   ./fix.ps1 -Apply    does it; again, it goes on where it stopped
#
# Sign in with Connect-AzAccount first. Each step reads the resource before it writes, and stops where it is no longer what was
# scanned. Steps that are not proven, or that wait for a person, are refused without -Force. Steps that are done are noted in
# fix.ps1.done beside this file.
[CmdletBinding()]
param(
    [switch] $Apply,
    [switch] $Force
)

{% include "functions.ps1" %}

$script:Refused = 0

function Invoke-Step([string] $Text) {
    $step = ConvertFrom-Text $Text
    if (Test-Done $step['key']) {
        Write-Line $step['id'] 'done before' $step['title']
        return
    }
    if ($step['held'] -ne '' -and -not $Force) {
        Write-Line $step['id'] 'refused without -Force' $step['held']
        $script:Refused++
        return
    }
    foreach ($key in $step['after']) {
        if ($Apply -and -not (Test-Done $key)) {
            Write-Line $step['id'] 'refused' "it comes after $key, which is not done"
            $script:Refused++
            return
        }
    }
    if ((Invoke-Operation $step) -and $Apply) { Set-Done $step['key'] $true }
}
{% for step in steps %}

{% for comment in step.comments %}
# {{ comment | line }}
{% endfor %}
{% if step.why_not %}
Write-Line {{ step.id | quoted }} 'left out' {{ step.why_not | line | quoted }}
$script:Refused++
{% else %}
Invoke-Step {{ step.json | quoted }}
{% endif %}
{% endfor %}

if ($script:Refused -gt 0) {
    Write-Host "$($script:Refused) steps were refused or left out"
    exit 1
}
