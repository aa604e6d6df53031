"""The library's pages where its documentation puts them."""

from django.urls import include, path  # type: ignore[import-not-found]

urlpatterns = [path("appointment/", include("appointment.urls"))]
