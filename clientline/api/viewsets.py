"""The base of every resource: a queryset by policy, compiled reads, one domain call per write."""

from functools import partial

import orjson
from django.db import transaction
from django.http import Http404
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from clientline.api.dispatch import StraightReads
from clientline.api.pagination import Page
from clientline.api.preconditions import make_etag, refuse_other_versions
from clientline.api.reading import filter_by_key, filter_by_key_in_any_scope, find_one_or_404, prepare, read
from clientline.api.renderers import Answer
from clientline.web.probes import Endpoint


class ReadViewSet(StraightReads, GenericViewSet):
    """List and retrieve. `model` and `resource` say what; the policy says which rows."""

    model = None
    resource = None
    orderings = ()
    default_ordering = "id"
    filterset_class = None
    lookup_value_converter = "id"
    named_model = None  # of the row that the path names, where it is not `model`
    tenant_column = "organization"  # by which an operator may filter the list
    is_repeatable = True  # a POST with an Idempotency-Key is performed once, and its answer kept
    http_method_names = Endpoint.http_method_names
    policy_actions = {"partial_update": "update"}  # where the policy knows the action by another name

    @property
    def policy_action(self):
        return self.policy_actions.get(self.action, self.action)

    def initial(self, request, *args, **kwargs):
        super().initial(request, *args, **kwargs)
        if request.call.once and self.is_repeatable and hasattr(self, "post"):
            self.post = partial(self.perform_once, self.post)

    def perform_once(self, handler, request, *args, **kwargs):
        """Answer a POST with an Idempotency-Key: as before, if it came before and the caller may still do this."""
        if earlier := request.call.once.find_earlier_answer():
            if not self.is_still_permitted(earlier):
                raise Http404
            return earlier
        response = handler(request, *args, **kwargs)
        request.call.once.keep(response)
        return response

    def is_still_permitted(self, earlier):
        """Whether the caller may still act on the row that the path names, or else read those that were made."""
        if self.kwargs:
            return self.named_rows().exists()
        keys = self.list_answered_keys(orjson.loads(earlier.content))
        readable = self.model.objects.visible_to(self.request.user, self.resource, "retrieve")
        return readable.filter(pk__in=keys).count() == len(keys)

    def list_answered_keys(self, answer):
        """Of the rows in the answer to a POST whose path names none."""
        return [answer["id"]]

    def get_queryset(self):
        if getattr(self, "swagger_fake_view", False):  # the OpenAPI document is made without a caller
            return self.model.objects.none()
        return self.rows(self.request.user, self.kwargs, self.policy_action)

    @classmethod
    def rows(cls, caller, path, action):
        """The rows on which `caller` may do `action`, where the address names what is in `path`.

        Nothing else may count: SQL is made of it once for all callers of a standing.
        """
        return cls.model.objects.visible_to(caller, cls.resource, action)

    def named_rows(self):
        """The one row that the path names, or none where it is out of scope."""
        return self.get_queryset().filter(pk=self.kwargs["pk"])

    def get_object(self):
        """The row that the path names, locked against writers, in the version that If-Match asks for; or 404."""
        row = self.named_rows().select_for_update(of=("self",), no_key=True).first()
        if row is None:
            raise Http404
        refuse_other_versions(row, self.request.headers.get("If-Match"))
        return row

    def list(self, request):
        page, position = self.paginator.read(request, self)
        if self.paginator.is_all_that_is_asked:
            answers = self.read(page, position)
        elif searched := self.find_search(page):
            select, values = searched
            answers = self.read(select, position | values)
        else:
            rows = self.filter_queryset(self.get_queryset())
            self.paginator.count_if_wanted(rows)
            answers = self.answers(page(rows, position))
        return self.get_paginated_response(answers)

    def find_search(self, page):
        """What `read` takes for a page of what was searched for, where nothing else is asked: (select, values)."""
        return None

    def retrieve(self, request, pk):
        return answer_row(find_one_or_404(self.read(filter_by_key)))

    def read(self, select, values=None):
        """Answers for the rows that `select(queryset, values)` takes from the permitted ones."""
        if self.answer_class(self.request.user).reader() is None:
            return self.answers(select(self.get_queryset(), self.kwargs | (values or {})))
        return read(
            type(self),
            caller=self.request.user,
            path=self.kwargs,
            action=self.policy_action,
            select=select,
            values=values,
        )

    @classmethod
    def prepare_reads(cls, caller):
        """Make what a first page and a detail need, before `caller` or another of their standing asks for them."""
        for action, path, select in (
            ("list", {}, Page.first(cls.default_ordering)),
            ("retrieve", {"pk": 0}, filter_by_key),
        ):
            prepare(cls, caller=caller, path=path, action=cls.policy_actions.get(action, action), select=select)

    def answers(self, queryset):
        """Answers for the rows of any queryset."""
        answer_class = self.answer_class(self.request.user)
        queryset = answer_class.annotate(queryset)
        if reader := answer_class.reader():
            return reader(queryset.values_list(*reader.columns))
        return answer_class(queryset, many=True, context=self.get_serializer_context()).data

    @classmethod
    def answer_class(cls, caller):
        """The serializer of answers, where it depends on the caller."""
        return cls.serializer_class


def answer_row(row, **kwargs):
    """The response with one row, under its version where it has one."""
    response = Answer(row, **kwargs)
    if "version" in row:
        response["ETag"] = make_etag(row["version"])
    return response


class AnswerMixin:
    create_class = None

    def body(self, *args, **kwargs):
        """The serializer of what was sent, where it is not shaped like what is answered."""
        chosen = self.create_class if self.action == "create" and self.create_class else self.serializer_class
        return chosen(*args, data=self.request.data, context=self.get_serializer_context(), **kwargs)

    def answer(self, serializer):
        """What a GET would answer for the row just written, even if the caller has lost sight of it."""
        row = serializer.instance
        found = find_one_or_404(self.read(filter_by_key_in_any_scope, {"pk": row.pk}))
        stranded = getattr(row, "strands", None)  # by a change that may leave coming visits without their person
        return found if stranded is None else found | {"stranded": len(stranded)}


class CreateMixin(AnswerMixin):
    def create(self, request):
        serializer = self.body()
        serializer.is_valid(raise_exception=True)
        self.perform_create(serializer)
        return self.answer_created(serializer)

    def answer_created(self, serializer):
        """The response to the request that made the row."""
        location = self.request.build_absolute_uri(f"{self.request.path.rstrip('/')}/{serializer.instance.pk}")
        return answer_row(self.answer(serializer), status=201, headers={"Location": location})

    def perform_create(self, serializer):
        serializer.save()


class UpdateMixin(AnswerMixin):
    def update(self, request, pk, partial=False):
        serializer = self.body(self.get_object(), partial=partial)
        serializer.is_valid(raise_exception=True)
        serializer.save()
        return answer_row(self.answer(serializer))

    def partial_update(self, request, pk):
        return self.update(request, pk, partial=True)


class DestroyMixin:
    def destroy(self, request, pk):
        self.perform_destroy(self.get_object())
        return Response(status=204)

    def perform_destroy(self, row):
        with transaction.atomic():
            row.delete()


class ClientLineViewSet(CreateMixin, UpdateMixin, DestroyMixin, ReadViewSet):
    """All five actions."""
