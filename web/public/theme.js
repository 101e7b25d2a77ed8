// Before the first paint, and so not a module: the theme that was chosen here, else that of the system.
var theme = localStorage.getItem('ade.theme')
if (theme) document.documentElement.dataset.theme = theme
