# Sets up what is missing, then does what it is asked to: './run' for Windows, in PowerShell 5 or 7.
#
#   .\run.ps1                  open the wizard
#   .\run.ps1 csr ...          the command line 'enos-csr', for example: .\run.ps1 csr new
#   .\run.ps1 test             checks and tests, in less than five minutes on two cores
#   .\run.ps1 test --fast      checks, and the tests of the core, in less than one
#   .\run.ps1 test --all       slow tests too: downloads, real disks and displays
#   .\run.ps1 test ARGUMENTS   pytest with these arguments, for example: .\run.ps1 test tests/core
#   .\run.ps1 photos [FOLDER]  photograph every page of the wizard

# No 'param': PowerShell would take options like '--out' for its own.
$ErrorActionPreference = 'Stop'
$top = $PSScriptRoot
$what = if ($args.Count) { $args[0] } else { '' }
$more = @($args | Select-Object -Skip 1)

$env:UV_PROJECT_ENVIRONMENT = Join-Path $top '.venv'
# The newest Python would be taken; PySide6 knows none later than 3.14.
if (-not $env:UV_PYTHON) { $env:UV_PYTHON = '>=3.11,<3.15' }
# Networks of companies often have certificates of their own, which only the system knows.
if (-not $env:UV_SYSTEM_CERTS) { $env:UV_SYSTEM_CERTS = '1' }
if (-not $env:UV_NATIVE_TLS) { $env:UV_NATIVE_TLS = '1' }

function Find-Uv {
    $found = Get-Command uv -ErrorAction SilentlyContinue
    if ($found) { return $found.Source }
    $own = Join-Path $top '.uv\Scripts\uv.exe'
    if (-not (Test-Path $own)) {
        if (-not (Get-Command py -ErrorAction SilentlyContinue)) {
            throw 'Please install uv, which installs everything else: winget install astral-sh.uv'
        }
        Write-Host 'Getting uv, which installs everything else...'
        Invoke-Step py -3 -m venv --clear (Join-Path $top '.uv')
        $pip = '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', 'uv'
        Invoke-Step (Join-Path $top '.uv\Scripts\python.exe') @pip
    }
    return $own
}

# Runs a program; ends with its exit status where that is not 0.
function Invoke-Step {
    $program = $args[0]
    $options = @($args | Select-Object -Skip 1)
    & $program @options | Out-Host
    if ($LASTEXITCODE) { exit $LASTEXITCODE }
}

function Install-Packages {
    $uv = Find-Uv
    Invoke-Step $uv sync --quiet --locked --project $top @args
}

$scripts = Join-Path $top '.venv\Scripts'
$python = Join-Path $scripts 'python.exe'

if ($what -eq 'csr') {
    Install-Packages --no-dev --inexact
    & (Join-Path $scripts 'enos-csr.exe') @more # in the current folder: the files go there
    exit $LASTEXITCODE
}
Push-Location $top
try {
    switch ($what) {
        '' {
            Install-Packages --no-dev --inexact
            Start-Process (Join-Path $scripts 'enos-csr-gui.exe')
        }
        'photos' {
            Install-Packages
            & $python tests/gui/photos.py @more
            exit $LASTEXITCODE
        }
        'test' {
            Install-Packages
            if ($more.Count -and $more[0] -notin '--fast', '--all') {
                & $python -m pytest @more
                exit $LASTEXITCODE
            }
            Invoke-Step (Join-Path $scripts 'ruff.exe') check --extend-exclude .uv
            Invoke-Step (Join-Path $scripts 'ruff.exe') format --check --extend-exclude .uv
            Invoke-Step (Join-Path $scripts 'mypy.exe')
            Invoke-Step (Join-Path $scripts 'lint-imports.exe')
            $parallel = '-n', 'auto', '--dist', 'loadgroup'
            $tests = switch ($more[0]) {
                '--fast' { @('tests/core', 'tests/messages') + (Get-Item tests/test_*.py).FullName }
                '--all' { '-rs', '-m', 'slow or long or not slow' }
            }
            Invoke-Step $python -m pytest -q @parallel @tests
        }
        default {
            Get-Content $PSCommandPath -TotalCount 9 | ForEach-Object { $_ -replace '^# ?', '' }
            if ($what -in 'help', '-h', '--help') { exit 0 }
            exit 2
        }
    }
} finally {
    Pop-Location
}
