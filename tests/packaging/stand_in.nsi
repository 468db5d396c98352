; Stands in for a program on Windows: writes C:\started.txt, then runs for a minute; ends at once when
; it is given '/QUIT'.
Unicode true
Target amd64-unicode
SilentInstall silent
RequestExecutionLevel user
OutFile "${OUTFILE}"
!include "FileFunc.nsh"
Section
    ${GetParameters} $0
    StrCmp $0 "/QUIT" done
    FileOpen $1 "C:\started.txt" w
    FileClose $1
    Sleep 60000
    done:
SectionEnd
