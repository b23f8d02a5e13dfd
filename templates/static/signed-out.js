// Goes back to the service once every other was told, and after two seconds whether all have answered or not.
const LONGEST = 2000;
const goBack = () => location.replace(document.getElementById("return").href);

addEventListener("load", goBack);
setTimeout(goBack, LONGEST);
