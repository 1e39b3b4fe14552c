// The entry of the browser side: everything that the page loads is imported from here.
