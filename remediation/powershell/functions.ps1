Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

# One line per step that was done: its id, and a digest of what it does.
$DoneFile = Join-Path $PSScriptRoot 'fix.ps1.done'

function Write-Line([string] $Id, [string] $Word, [string] $Text) {
    Write-Host "${Id}: ${Word}: ${Text}"
}

function Test-Done([string] $Key) {
    if (-not (Test-Path -LiteralPath $DoneFile)) { return $false }
    return [System.IO.File]::ReadAllLines($DoneFile) -ccontains $Key
}

function Set-Done([string] $Key, [bool] $Done) {
    $lines = [System.Collections.Generic.List[string]]::new()
    if (Test-Path -LiteralPath $DoneFile) { $lines.AddRange([System.IO.File]::ReadAllLines($DoneFile)) }
    $null = $lines.Remove($Key)
    if ($Done) { $lines.Add($Key) }
    [System.IO.File]::WriteAllLines($DoneFile, $lines)
}

function ConvertFrom-Text([string] $Text) {
    ConvertFrom-Json -InputObject $Text -AsHashtable -DateKind String -Depth 100
}

# Requests: relative paths, so that they go to the cloud that is signed in to, in the subscription that the step names.

function Use-Subscription([string] $Id) {
    if ($Id -eq '') { return }
    $context = Get-AzContext
    if ($null -eq $context -or $null -eq $context.Subscription -or $context.Subscription.Id -ne $Id) {
        $null = Set-AzContext -Subscription $Id -Scope Process
    }
}

function Invoke-Arm([string] $Method, [string] $Path, [string] $Payload, [int[]] $Fine) {
    $call = @{ Method = $Method; Path = $Path }
    if ($Payload -ne '') { $call['Payload'] = $Payload }
    $answer = Invoke-AzRestMethod @call
    $status = [int] $answer.StatusCode
    if (($status -lt 200 -or $status -gt 299) -and $Fine -notcontains $status) {
        throw "$Method $Path answered ${status}: $($answer.Content)"
    }
    return $answer
}

function Read-Resource([string] $Url) {
    $answer = Invoke-Arm -Method 'GET' -Path $Url -Payload '' -Fine 404
    if ([int] $answer.StatusCode -eq 404) { return $null }
    return ConvertFrom-Text $answer.Content
}

# Waits until Azure is done with a resource: it is gone, or its provisioningState says that it goes on no more.
function Wait-Resource([System.Collections.IDictionary] $Step) {
    $deadline = [datetime]::UtcNow.AddMinutes(60)
    while ([datetime]::UtcNow -lt $deadline) {
        $body = Read-Resource $Step['url']
        if ($Step['kind'] -eq 'remove') {
            if ($null -eq $body) { return }
        }
        else {
            $state = Get-At $body @('properties', 'provisioningState')
            if ($null -eq $state -or $state -eq 'Succeeded') { return }
            if ($state -in 'Failed', 'Canceled') { throw "$($Step['id']): Azure says that its provisioning is $state" }
        }
        Start-Sleep -Seconds 5
    }
    throw "$($Step['id']): Azure goes on with it after an hour"
}

# Bodies are dictionaries and arrays. Names of members match ignoring case, and are written as they are spelled there.

function Get-Spelled([System.Collections.IDictionary] $Holder, [string] $Name) {
    foreach ($entry in $Holder.GetEnumerator()) {
        if ([string]::Equals($entry.Key, $Name, [System.StringComparison]::OrdinalIgnoreCase)) { return $entry.Key }
    }
    return $Name
}

function Get-At([object] $Body, [object[]] $Path) {
    foreach ($part in $Path) {
        if ($part -is [string]) {
            if ($Body -isnot [System.Collections.IDictionary]) { return $null }
            $Body = $Body[(Get-Spelled $Body $part)]
        }
        else {
            if ($Body -isnot [array] -or $part -ge $Body.Length) { return $null }
            $Body = $Body[$part]
        }
    }
    return , $Body
}

function Set-At([System.Collections.IDictionary] $Body, [object[]] $Path, [bool] $Keep, [object] $Value) {
    $holder = $Body
    for ($at = 0; $at -lt $Path.Length; $at++) {
        $name = $Path[$at]
        if ($name -is [string]) { $name = Get-Spelled $holder $name }
        if ($at -lt $Path.Length - 1) {
            if ($name -is [string] -and $null -eq $holder[$name]) { $holder[$name] = @{} }
            $holder = $holder[$name]
        }
        elseif ($Keep) { $holder[$name] = $Value }
        else { $holder.Remove($name) }
    }
}

# Whether all that was scanned is there: texts match ignoring case, null and what is empty are absent, and a removed secret
# matches anything.
function Test-Holds([object] $Scanned, [object] $Live) {
    if (Test-Empty $Scanned) { return Test-Empty $Live }
    if ($Scanned -is [System.Collections.IDictionary]) {
        if ($Live -isnot [System.Collections.IDictionary]) { return $false }
        foreach ($entry in $Scanned.GetEnumerator()) {
            if (-not (Test-Holds -Scanned $entry.Value -Live $Live[(Get-Spelled $Live $entry.Key)])) { return $false }
        }
        return $true
    }
    if ($Scanned -is [array]) {
        if ($Live -isnot [array] -or $Live.Length -ne $Scanned.Length) { return $false }
        for ($at = 0; $at -lt $Scanned.Length; $at++) {
            if (-not (Test-Holds -Scanned $Scanned[$at] -Live $Live[$at])) { return $false }
        }
        return $true
    }
    if ($Scanned -is [string]) {
        if ($Scanned.StartsWith('(removed: ', [System.StringComparison]::Ordinal)) { return $null -ne $Live }
        return $Live -is [string] -and [string]::Equals($Scanned, $Live, [System.StringComparison]::OrdinalIgnoreCase)
    }
    if ($Live -is [string] -or ($Scanned -is [bool]) -ne ($Live -is [bool])) { return $false }
    return $Scanned -eq $Live
}

function Test-Empty([object] $Value) {
    if ($Value -is [array]) { return $Value.Length -eq 0 }
    if ($Value -is [System.Collections.IDictionary]) { return $Value.get_Count() -eq 0 } # .Count may be a member of the body
    return $null -eq $Value
}

# Whether a step is to be done: false where all is as wanted already. Throws where it is no longer as it was scanned.
function Test-Open([System.Collections.IDictionary] $Step, [object] $Live) {
    switch ($Step['kind']) {
        'create' {
            if ($null -eq $Live) { return $true }
            if (Test-Holds -Scanned $Step['body'] -Live $Live) { return $false }
            throw "$($Step['id']): it is there by now, and otherwise than it was to be created"
        }
        'remove' {
            if ($null -eq $Live) { return $false }
            if ($null -eq $Step['body'] -or (Test-Holds -Scanned $Step['body'] -Live $Live)) { return $true }
            throw "$($Step['id']): it is no longer as it was; scan again"
        }
        'set' { return Test-OpenSet $Step $Live }
        default { return $true }
    }
}

# What is absent is the same as Azure's default, where that is known.
function Get-Meant([System.Collections.IDictionary] $Change, [object] $Value) {
    if ($null -eq $Value) { $Value = $Change['default'] }
    return , $Value
}

function Test-OpenSet([System.Collections.IDictionary] $Step, [object] $Live) {
    if ($null -eq $Live) { throw "$($Step['id']): it is not there any more; scan again" }
    foreach ($relied in $Step['relies']) {
        if (-not (Test-Holds -Scanned $relied['value'] -Live (Get-At $Live $relied['path']))) {
            throw "$($Step['id']): at $($relied['path'] -join '.') stands another element than was scanned; scan again"
        }
    }
    $open = $false
    foreach ($change in $Step['changes']) {
        $now = Get-Meant $change (Get-At $Live $change['path'])
        $before = Get-Meant $change $change['before']
        $after = Get-Meant $change $change['after']
        $isBefore = Test-Holds -Scanned $before -Live $now
        $isAfter = Test-Holds -Scanned $after -Live $now
        if ($isAfter -and (-not $isBefore -or (Test-Holds -Scanned $before -Live $after))) { continue }
        if (-not $isBefore) { throw "$($Step['id']): $($change['path'] -join '.') is no longer what was scanned; scan again" }
        $open = $true
    }
    return $open
}

function Write-Resource([System.Collections.IDictionary] $Step, [object] $Live) {
    switch ($Step['kind']) {
        'remove' { $null = Invoke-Arm -Method 'DELETE' -Path $Step['url'] -Payload '' -Fine 404 }
        'action' {
            $null = Invoke-Arm -Method 'POST' -Path $Step['action'] -Payload (ConvertTo-Text $Step['body']) -Fine @()
            return
        }
        'create' { $null = Invoke-Arm -Method 'PUT' -Path $Step['url'] -Payload (ConvertTo-Text $Step['body']) -Fine @() }
        'set' {
            foreach ($change in $Step['changes']) {
                Set-At -Body $Live -Path $change['path'] -Keep ($change.Contains('after')) -Value $change['after']
            }
            $null = Invoke-Arm -Method 'PUT' -Path $Step['url'] -Payload (ConvertTo-Text $Live) -Fine @()
        }
    }
    Wait-Resource $Step
}

function ConvertTo-Text([object] $Value) {
    ConvertTo-Json -InputObject $Value -Depth 100 -Compress
}

# Reads, compares and, with -Apply, writes. Gives whether the step is done.
function Invoke-Operation([System.Collections.IDictionary] $Step) {
    Use-Subscription $Step['subscription']
    $live = $null
    if ($Step['kind'] -ne 'action') { $live = Read-Resource $Step['url'] }
    if (-not (Test-Open $Step $live)) {
        Write-Line $Step['id'] 'as wanted already' $Step['title']
        return $true
    }
    if (-not $Apply) {
        Write-Line $Step['id'] 'would be done' $Step['title']
        return $false
    }
    Write-Resource $Step $live
    Write-Line $Step['id'] 'done' $Step['title']
    return $true
}
