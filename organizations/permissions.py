"""The policy, asked by every view before it runs."""

from rest_framework.permissions import BasePermission

from organizations import policy


class PolicyPermission(BasePermission):
    """401 for strangers, 403 for what the table never permits. Rows out of scope are not this class's: they are 404."""

    def has_permission(self, request, view):
        if not request.user.is_authenticated:
            return False
        if view.action is None or request.method.lower() not in view.http_method_names:
            return True  # a method the path does not have: 405 follows
        return policy.allows(request.user, view.resource, view.policy_action)
