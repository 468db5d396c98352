; Stands in for a program on Windows: runs for a minute, or ends at once when it is given '/QUIT'.
Unicode true
Target amd64-unicode
SilentInstall silent
RequestExecutionLevel user
OutFile "${OUTFILE}"
!include "FileFunc.nsh"
Section
    ${GetParameters} $0
    StrCmp $0 "/QUIT" done
    Sleep 60000
    done:
SectionEnd
