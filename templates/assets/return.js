document.getElementById("return-form").submit();
